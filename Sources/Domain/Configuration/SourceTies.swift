/// What a source shares with others.
public struct SourceTies: Hashable, Sendable {
    /// To which its changes belong, unless they say so themselves.
    public var project: String
    /// Those that tell of its repository; nil when it does alone.
    public var group: MirrorGroup?

    public init(project: String, group: MirrorGroup? = nil) {
        self.project = project
        self.group = group
    }

    /// Changes that the source was told all at once, as they are accepted.
    public func told(_ changes: [NewChange]) -> [NewChange] { group?.told(changes) ?? changes }
}
