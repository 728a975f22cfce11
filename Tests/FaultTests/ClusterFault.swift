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
        }
    }

    static let kinds = ["intake", "scheduler", "dispatcher", "relay", "web", "worker"]

    /// A short run has each kind of fault once, a long one has each several times and for long.
    static func plan(isLong: Bool, using generator: inout some RandomNumberGenerator) -> [ClusterFault] {
        let away: Duration = isLong ? .seconds(60) : .seconds(3)
        var faults: [ClusterFault] = kinds.map { .kill($0) }
        faults += [
            .databaseRestarts(immediately: true), .brokerRestarts(killed: true), .databaseConnectionsCut,
            .freezeRelays(isLong ? .seconds(25) : .seconds(4)),
        ]
        if isLong {
            faults += kinds.map { .kill($0) } + kinds.map { .kill($0) }
            faults += [
                .databaseRestarts(immediately: false), .databaseGone(away), .brokerRestarts(killed: false), .brokerGone(away),
                .brokerShortOfMemory(away),
                .databaseConnectionsCut, .databaseConnectionsCut, .dispatchersGone(.seconds(20)),
            ]
        }
        return faults.shuffled(using: &generator)
    }
}
