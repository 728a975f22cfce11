/// What one kind of source does at each poll.
protocol SourceLook: Sendable {
    /// Reads what is new and has its changes accepted. One at a time.
    ///
    /// - Throws: what keeps the source from being read, in a sentence for people; `StoreError.conflict` when another has moved its position.
    func look() async throws -> SourcePoll.Outcome
    /// The position may have been moved by others: it is read again before the next look.
    func forget()
}
