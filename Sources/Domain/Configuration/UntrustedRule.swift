/// Who may build what nobody may trust: pull requests from other repositories, which anybody may have written.
public struct UntrustedRule: Hashable, Sendable, Codable {
    public enum Workers: String, Hashable, Sendable, Codable, CaseIterable {
        /// Those whose operators said that they accept it.
        case accepting
        case any
    }

    public var workers: Workers

    public init(workers: Workers = .accepting) {
        self.workers = workers
    }

    /// The label of a worker that accepts it.
    public static let label = "doorbell-untrusted"
    public static let labelValue = "1"
}

extension Configuration {
    /// The builder as it is matched with workers: what nobody may trust asks for one label more. It is part of the class that requests wait in, so that
    /// matching costs nothing more.
    public func asked(of builder: Builder, untrusted: Bool) -> Builder {
        guard untrusted, (self.untrusted ?? UntrustedRule()).workers == .accepting else { return builder }
        var builder = builder
        builder.labels[UntrustedRule.label] = UntrustedRule.labelValue
        return builder
    }
}
