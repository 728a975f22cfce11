/// Why `${name}` in a recipe could not be replaced: where it stands, what was found, and what to do.
public struct InterpolationError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case unknown(name: String, nearest: String?)
        /// `${` that is not followed by a property name and `}`; the text that was found.
        case malformed(String)
        /// A list or an object, which has no text form.
        case notText(name: String)
        /// A NUL byte, or more bytes than a process can be given.
        case unusable(name: String)
        /// A directory that is absolute or climbs out of the build's own after its properties were filled in.
        case leavesDirectory(String)
    }

    /// Nil when it stands in the builder itself.
    public var step: String?
    /// `run`, `env CI`, `directory`, …
    public var field: String
    public var reason: Reason

    public init(step: String?, field: String, reason: Reason) {
        self.step = step
        self.field = field
        self.reason = reason
    }

    public var description: String {
        let place = step.map { "step \"\($0)\", \(field)" } ?? "builder, \(field)"
        return "\(place): \(explanation)"
    }

    private var explanation: String {
        switch reason {
        case .unknown(let name, let nearest):
            "there is no property \"\(name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
                + " (write $${\(name)} to leave ${\(name)} to the shell)"
        case .malformed(let found):
            "found \"\(found)\", expected a property as ${name}, of letters, digits, \"_\", \"-\" and \".\" (write $${ for a literal ${)"
        case .notText(let name): "the property \"\(name)\" is a list or an object, expected a text, a number or a boolean"
        case .unusable(let name):
            "the value of the property \"\(name)\" holds a NUL byte or is longer than \(Interpolation.longestValue) bytes"
        case .leavesDirectory(let path): "\"\(path)\" is absolute or leaves the build's directory"
        }
    }
}
