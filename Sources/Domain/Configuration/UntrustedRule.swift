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

/// What a buildset asks of workers, besides the labels of its builders.
public struct Demand: Hashable, Sendable {
    /// Anybody may have written what is built.
    public var untrusted: Bool
    /// A patch is applied to the revision.
    public var patched: Bool
    /// Several repositories are checked out.
    public var ofCodebases: Bool

    public init(untrusted: Bool = false, patched: Bool = false, ofCodebases: Bool = false) {
        self.untrusted = untrusted
        self.patched = patched
        self.ofCodebases = ofCodebases
    }
}

extension Configuration {
    /// The builder as it is matched with workers: what nobody may trust, holds a patch, or is of several repositories asks for one label more. It is
    /// part of the class that requests wait in, so that matching costs nothing more.
    public func asked(of builder: Builder, by demand: Demand) -> Builder {
        var builder = builder
        if demand.untrusted, (untrusted ?? UntrustedRule()).workers == .accepting { builder.labels[UntrustedRule.label] = UntrustedRule.labelValue }
        if demand.ofCodebases { builder.labels[Codebase.label] = Codebase.labelValue }
        if demand.patched { builder.labels[TryRule.label] = TryRule.labelValue }
        return builder
    }
}
