/// A password that no description, dump or log line shows.
public struct AMQPPassword: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Only for the login.
    let text: String

    init(_ text: String) {
        self.text = text
    }

    public var isEmpty: Bool { text.isEmpty }

    public var description: String { "(hidden)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
