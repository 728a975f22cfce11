import Foundation

/// What happens to a cluster in a fault run.
enum ClusterFault: Sendable, CustomStringConvertible {
    /// `kill -9` of one of a kind, which starts again after a moment.
    case kill(String)
    /// The relays are frozen for longer than their lease, one after the other, and wake.
    case freezeRelays(Duration)
    case databaseRestarts(immediately: Bool)
    case databaseGone(Duration)
    case brokerRestarts(killed: Bool)
    case brokerGone(Duration)
    case brokerShortOfMemory(Duration)
    /// Every connection to the database breaks, in the middle of whatever it does.
    case databaseConnectionsCut
    /// Both dispatchers are gone, and come back.
    case dispatchersGone(Duration)
    /// Every service and worker is stopped in good order and started again, one after the other, as an upgrade does it.
    case rollingRestart
    /// Between a kind of process and a server nothing arrives any more, though no connection breaks.
    case partition(String, from: Server, Duration)

    enum Server: String, CaseIterable, Sendable {
        case database, broker, dispatchers

        /// Who talks to it.
        var clients: [String] { self == .dispatchers ? ["worker"] : FaultCluster.services }
    }

    var description: String {
        switch self {
        case .kill(let kind): "kill -9 of a \(kind)"
        case .freezeRelays(let time): "relays frozen for \(time.components.seconds) s"
        case .databaseRestarts(let immediately): "database restarted \(immediately ? "immediately" : "fast")"
        case .databaseGone(let time): "database gone for \(time.components.seconds) s"
        case .brokerRestarts(let killed): "broker \(killed ? "killed and started" : "restarted")"
        case .brokerGone(let time): "broker gone for \(time.components.seconds) s"
        case .brokerShortOfMemory(let time): "broker's memory alarm for \(time.components.seconds) s"
        case .databaseConnectionsCut: "database connections cut"
        case .dispatchersGone(let time): "dispatchers gone for \(time.components.seconds) s"
        case .rollingRestart: "rolling restart"
        case .partition(let kind, let server, let time): "\(kind)s cut off from the \(server) for \(time.components.seconds) s"
        }
    }

    static let kinds = ["intake", "scheduler", "dispatcher", "relay", "web", "worker"]

    /// A short run has most kinds of fault once, a long one has each several times, for long, and between every two that talk to each other.
    static func plan(isLong: Bool, using generator: inout some RandomNumberGenerator) -> [ClusterFault] {
        let away: Duration = isLong ? .seconds(60) : .seconds(3)
        var faults: [ClusterFault] = kinds.map { .kill($0) }
        faults += [
            .databaseRestarts(immediately: true), .brokerRestarts(killed: true), .databaseConnectionsCut,
            .freezeRelays(isLong ? .seconds(25) : .seconds(4)), .rollingRestart,
        ]
        let pairs = Server.allCases.map { server in server.clients.map { (server, $0) } }
        let cut = isLong ? pairs.flatMap { $0 } : pairs.compactMap { $0.randomElement(using: &generator) }
        faults += cut.map { .partition($1, from: $0, isLong ? .seconds(20) : .seconds(3)) }
        if isLong {
            faults += kinds.map { .kill($0) } + kinds.map { .kill($0) }
            faults += [
                .databaseRestarts(immediately: false), .databaseGone(away), .brokerRestarts(killed: false), .brokerGone(away),
                .brokerShortOfMemory(away),
                .databaseConnectionsCut, .databaseConnectionsCut, .dispatchersGone(.seconds(20)), .rollingRestart,
            ]
        }
        return faults.shuffled(using: &generator)
    }
}
