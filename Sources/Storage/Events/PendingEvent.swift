import Domain

/// An event that waits for the end of its transaction, to be inserted with the others.
package struct PendingEvent {
    package var draft: EventDraft
    /// For facts that do not name their project and branch themselves.
    package var routing: EventRouting?
    /// Given when the statement that wrote the row raised its `version` already; nil lets the end of the transaction count. For one entity, given
    /// versions come before counted ones.
    package var version: Int64?

    package init(_ draft: EventDraft, routing: EventRouting? = nil, version: Int64? = nil) {
        self.draft = draft
        self.routing = routing
        self.version = version
    }
}
