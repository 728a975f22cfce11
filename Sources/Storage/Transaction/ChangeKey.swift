import Domain

/// What makes a change unique.
package struct ChangeKey: Hashable, Sendable {
    package var source: String
    package var key: String

    package init(source: String, key: String) {
        self.source = source
        self.key = key
    }

    package init(_ change: KeyedChange) {
        self.init(source: change.content.source, key: change.key)
    }
}
