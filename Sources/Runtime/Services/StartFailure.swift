/// The program could not begin: one line that says what to do.
public struct StartFailure: Error, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) {
        self.description = description
    }
}
