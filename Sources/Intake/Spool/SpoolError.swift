/// Why the spool took nothing.
public enum SpoolError: Error, Hashable, Sendable, CustomStringConvertible {
    case full(String)
    case broken(String)
    /// Another process has it.
    case inUse(String)

    public var description: String {
        switch self {
        case .full(let text), .broken(let text), .inUse(let text): text
        }
    }
}
