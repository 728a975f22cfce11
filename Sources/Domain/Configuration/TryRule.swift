/// A builder takes patches that nobody has committed.
public struct TryRule: Hashable, Sendable, Codable {
    /// How long a patch may be.
    public var bytes: Int

    public init(bytes: Int = TryRule.usual) {
        self.bytes = bytes
    }

    public static let usual = 8 << 20
    public static let most = 32 << 20
    /// How long a patch is kept that no open build needs.
    public static let kept: Duration = .seconds(14 * 86_400)

    /// The label that a worker has which can apply patches: older ones do not get builds with one.
    public static let label = "doorbell-try"
    public static let labelValue = "1"
}
