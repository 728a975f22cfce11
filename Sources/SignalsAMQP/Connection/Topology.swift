import Signals

/// The names of this deployment on a broker (DESIGN §6).
struct Topology: Hashable {
    var prefix: String
    var declaration: AMQPSettings.Declaration

    struct Exchange: Hashable {
        var role: ExchangeRole
        var name: String
        var kind: String
        /// The exchange that gets what no queue is bound for.
        var alternate: String?
    }

    init(_ settings: AMQPSettings) {
        prefix = settings.prefix
        declaration = settings.declaration
    }

    func exchange(_ role: ExchangeRole) -> String { "exchange/\(prefix)/v1/\(role.rawValue)" }

    /// The queue of one connection of a process, which vanishes with it. Each connection has another: a broker that has not noticed yet that the
    /// last one is dead still keeps its queue, for it alone.
    func queue(_ role: ExchangeRole, of process: String, connection: Int) -> String {
        "queue/\(prefix)/v1/\(role.rawValue)/\(process)-\(connection)"
    }

    /// In the order in which they have to be made.
    var exchanges: [Exchange] {
        [
            Exchange(role: .unrouted, name: exchange(.unrouted), kind: "fanout"),
            Exchange(role: .events, name: exchange(.events), kind: "topic", alternate: exchange(.unrouted)),
            Exchange(role: .logs, name: exchange(.logs), kind: "topic"),
            Exchange(role: .wake, name: exchange(.wake), kind: "topic"),
            Exchange(role: .cdevents, name: exchange(.cdevents), kind: "topic"),
        ]
    }
}
