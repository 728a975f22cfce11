import Domain
import Storage

extension WaitReasons {
    /// The limit or the locks that keep a pending request from a worker, and who has them.
    var bounds: [Reason] {
        guard let configuration, let facts = facts.bounds else { return [] }
        let builder = self.facts.request.builder
        switch occupancy?.obstacle(to: builder, of: self.facts.request.stamp.project) {
        case .all(let open, let limit):
            return [Reason("limit", "the deployment has \(open) of \(limit) builds at once, the limit of its configuration")]
        case .project(let name, let open, let limit):
            let own = facts.open.filter { $0.project == name }.map(\.build.description)
            return [Reason("limit", "project \(name) has \(open) of \(limit) builds at once: \(Self.some(own))")]
        case .builder(let open, let limit):
            let own = facts.open.filter { $0.builder == builder }.map(\.build.description)
            return [Reason("limit", "builder \(builder) has \(open) of \(limit) builds at once: \(Self.some(own))")]
        case .locks(let names):
            return names.map { name in
                let holders = facts.open.filter { open in configuration.builder(named: open.builder)?.locks.contains { $0.name == name } ?? false }
                return Reason(
                    "lock", "lock \(name) is held by \(Self.some(holders.map { "build \($0.build) of \($0.builder) since \($0.assigned)" }))")
            }
        case nil:
            let line = standing
            return line.locks.map { name in
                let first = line.first.filter { rival in configuration.builder(named: rival.builder)?.locks.contains { $0.name == name } ?? false }
                return Reason(
                    "lock", "lock \(name) goes first to \(Self.some(first.map { "request \($0.place.request) of \($0.builder)" }))")
            }
        }
    }

    /// How far limits and locks are taken up by what is open.
    var occupancy: Occupancy? {
        guard let configuration, let facts = facts.bounds else { return nil }
        return Occupancy(configuration, open: facts.openOfBuilders, projects: configuration.projects.isEmpty ? [:] : facts.openOfProjects)
    }
}

extension BoundFacts {
    var openOfBuilders: [String: Int] { open.reduce(into: [:]) { $0[$1.builder, default: 0] += 1 } }
    var openOfProjects: [String: Int] { open.reduce(into: [:]) { $0[$1.project, default: 0] += 1 } }
}
