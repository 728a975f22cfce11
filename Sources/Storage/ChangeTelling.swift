import Domain

/// That a source told of a change which another had told first.
public struct ChangeTelling: Hashable, Sendable {
    public var source: String
    /// The one that the change would have had.
    public var chain: ChainID
    public var told: Timestamp

    public init(source: String, chain: ChainID, told: Timestamp) {
        self.source = source
        self.chain = chain
        self.told = told
    }
}
