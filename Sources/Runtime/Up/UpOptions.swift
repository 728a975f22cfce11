/// What `doorbell up` was asked to do.
public struct UpOptions: Sendable {
    public var configurationPath: String
    /// End after the first buildset.
    public var once: Bool
    /// Slots of the embedded worker; 0: none.
    public var slots: Int
    public var labels: [String: String]
    /// The embedded worker builds also what anybody may have written.
    public var acceptsUntrusted: Bool
    public var progress: Bool
    public var terminal: Bool

    public init(
        configurationPath: String, once: Bool, slots: Int, labels: [String: String], acceptsUntrusted: Bool = false, progress: Bool, terminal: Bool
    ) {
        self.configurationPath = configurationPath
        self.once = once
        self.slots = slots
        self.labels = labels
        self.acceptsUntrusted = acceptsUntrusted
        self.progress = progress
        self.terminal = terminal
    }
}
