/// How far the limits and locks of a configuration are taken up: by the builds that are open, and by requests that came first. Pure.
///
/// Who holds what follows from the open builds alone: each holds what its builder names in the configuration in force. There is nothing to release, and nothing
/// that a process could forget to release.
public struct Occupancy: Sendable {
    /// What keeps a builder from one more build.
    public enum Obstacle: Hashable, Sendable {
        /// As many builds as there may be at all.
        case all(open: Int, limit: Int)
        /// As many builds of the project as it may have.
        case project(String, open: Int, limit: Int)
        /// As many builds of the builder as it may have.
        case builder(open: Int, limit: Int)
        /// Others hold these locks, or came first for them.
        case locks([String])
    }
    private struct Hold {
        var exclusive = 0
        var counting = 0
    }

    private let limit: Int?
    private let builders: [String: Builder]
    private let counts: [String: Int]
    private var total: Int
    private var open: [String: Int]
    private let limits: [String: Int]
    private var projects: [String: Int]
    private var holds: [String: Hold] = [:]

    /// - Parameters:
    ///   - open: how many builds of each builder are open; builders that the configuration has lost count for the limits of all and of projects alone.
    ///   - projects: how many of each project are; empty where the configuration names none.
    public init(_ configuration: Configuration, open: [String: Int], projects: [String: Int] = [:]) {
        limit = configuration.limit
        builders = Dictionary(configuration.builders.map { ($0.name, $0) }) { first, _ in first }
        counts = Dictionary(configuration.locks.map { ($0.name, $0.count) }) { first, _ in first }
        total = open.values.reduce(0, +)
        self.open = open
        self.projects = projects
        limits = configuration.projects.reduce(into: [:]) { $0[$1.name] = $1.limit }
        for (builder, number) in open { hold(builder, number) }
    }

    /// What keeps a request of this builder, and of this project, from beginning now; nil when nothing does.
    public func obstacle(to builder: String, of project: String? = nil) -> Obstacle? {
        if let limit, total >= limit { return .all(open: total, limit: limit) }
        if let project, let limit = limits[project], open(of: project) >= limit { return .project(project, open: open(of: project), limit: limit) }
        guard let builder = builders[builder] else { return nil }
        let open = open[builder.name] ?? 0
        if let limit = builder.limit, open >= limit { return .builder(open: open, limit: limit) }
        let locks = builder.locks.filter { !isFree($0) }.map(\.name)
        return locks.isEmpty ? nil : .locks(locks)
    }

    /// One more build of this builder is open, for this project.
    public mutating func admit(_ builder: String, of project: String? = nil) {
        total += 1
        if let project { projects[project, default: 0] += 1 }
        open[builder, default: 0] += 1
        hold(builder, 1)
    }

    /// A request of this builder waits for a lock: those that come later must not overtake it at any of its locks, so it counts as if it held them.
    public mutating func reserve(_ builder: String) {
        hold(builder, 1)
    }

    /// How many builds of a project are open.
    public func open(of project: String) -> Int { projects[project] ?? 0 }

    /// How many builds of each project are open.
    public var openOfProjects: [String: Int] { projects }

    /// The projects that have as many builds as they may have.
    public var fullProjects: [String] { limits.filter { open(of: $0.key) >= $0.value }.keys.sorted() }

    /// How many more builds there may be; nil without a limit.
    public var room: Int? { limit.map { max(0, $0 - total) } }

    private func isFree(_ use: LockUse) -> Bool {
        let hold = holds[use.name] ?? Hold()
        return switch use.mode {
        case .exclusive: hold.exclusive == 0 && hold.counting == 0
        case .counting: hold.exclusive == 0 && hold.counting < counts[use.name] ?? 1
        }
    }

    private mutating func hold(_ builder: String, _ number: Int) {
        for use in builders[builder]?.locks ?? [] {
            switch use.mode {
            case .exclusive: holds[use.name, default: Hold()].exclusive += number
            case .counting: holds[use.name, default: Hold()].counting += number
            }
        }
    }
}
