/// The program could not begin: one line that says what to do.
public struct StartFailure: Error, Sendable, CustomStringConvertible {
    public var description: String
    /// Trying again changes nothing: somebody has to change a setting.
    public var isConfiguration: Bool

    public init(_ description: String, isConfiguration: Bool = false) {
        self.description = description
        self.isConfiguration = isConfiguration
    }
}
