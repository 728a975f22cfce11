import Domain
import Logging
import Storage

/// A source that the poller looks at, of whichever kind.
enum PolledSource: Hashable, Sendable {
    case git(SourceConfiguration)
    case mercurial(MercurialConfiguration)
    case directory(DirectoryConfiguration)
    case json(JSONPollConfiguration)

    static func all(of configuration: Configuration) -> [PolledSource] {
        configuration.sources.map { .git($0) } + configuration.mercurial.map { .mercurial($0) } + configuration.directories.map { .directory($0) }
            + configuration.lists.map { .json($0) }
    }

    var name: String {
        switch self {
        case .git(let source): source.name
        case .mercurial(let source): source.name
        case .directory(let source): source.name
        case .json(let source): source.name
        }
    }

    var every: Duration {
        switch self {
        case .git(let source): source.every
        case .mercurial(let source): source.every
        case .directory(let source): source.every
        case .json(let source): source.every
        }
    }

    /// Whether it is one thing for all intakes, which one of them looks at on behalf of the others. A directory may be each machine's own; where it is shared,
    /// a lock in it does the same.
    var isLeased: Bool {
        switch self {
        case .git, .mercurial, .json: true
        case .directory: false
        }
    }

    /// When to look again after so many failures in a row. A remote is asked less and less often, up to sixteen beats apart and ten minutes; what fails on
    /// the machine itself, or in the database, is mended sooner, and costs nobody else anything.
    func pause(failures: Int) -> Duration {
        switch self {
        case .git, .mercurial, .json: min(every * (1 << min(failures, 4)), max(every, .seconds(600)))
        case .directory: min(every, .seconds(1 << min(failures, 5)))
        }
    }

    /// - Parameter wake: rings for another look.
    func look(
        ties: SourceTies, dataDirectory: String, store: any ChangeStore & SourceStore, logger: Logger, wake: @escaping @Sendable () -> Void
    ) -> any SourceLook {
        switch self {
        case .git(let source):
            GitLook(source: source, ties: ties, mirror: "\(dataDirectory)/sources/\(source.name)", store: store, logger: logger)
        case .mercurial(let source):
            MercurialLook(source: source, ties: ties, mirror: "\(dataDirectory)/sources/\(source.name).hg", store: store)
        case .directory(let source):
            DirectoryLook(source: source, ties: ties, store: store, logger: logger, wake: wake)
        case .json(let source):
            JSONLook(source: source, ties: ties, store: store, logger: logger)
        }
    }
}
