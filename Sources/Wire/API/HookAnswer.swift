import Domain

/// What a forge is answered: which changes its call made, or why none.
public struct HookAnswer: Hashable, Sendable, Codable {
    public struct Made: Hashable, Sendable, Codable {
        /// Absent while the change waits for the database.
        public var id: ChangeID?
        public var chain: ChainID
        /// False when an earlier delivery made it.
        public var created: Bool

        public init(id: ChangeID?, chain: ChainID, created: Bool) {
            self.id = id
            self.chain = chain
            self.created = created
        }
    }

    public var delivery: String?
    public var changes: [Made]
    public var reason: String?

    public init(delivery: String?, changes: [Made], reason: String?) {
        self.delivery = delivery
        self.changes = changes
        self.reason = reason
    }
}
