/// A variable or flag with a value that cannot be used.
public struct SettingsError: Error, Sendable, CustomStringConvertible {
    public var variable: String
    public var found: String
    public var expected: String

    public var description: String { "\(variable) is \(found), expected \(expected)" }
}
