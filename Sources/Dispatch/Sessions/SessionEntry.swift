import Domain
import Storage

/// What this dispatcher knows of one worker's session.
struct SessionEntry {
    struct Claim {
        let ticket: ClaimTicket
        let free: Int
        let holding: Set<BuildID>
        /// It asks once and does not wait for work to come.
        let once: Bool
    }

    /// An offer that the store had nothing for.
    struct Fruitless {
        let pass: UInt64
        let free: Int
        let holding: Set<BuildID>
    }

    var session: WorkerSession
    /// When it last called, or an answer that it was waiting for went out.
    var heard: ContinuousClock.Instant
    /// Calls of this session that are being served.
    var openCalls = 0
    var claim: Claim?
    var fruitless: Fruitless?
    /// Builds whose end somebody asked for, with the reason, until they end.
    var cancelled: [BuildID: String] = [:]
    /// Those of them that the worker has not been told of.
    var untold: Set<BuildID> = []

    init(session: WorkerSession, heard: ContinuousClock.Instant) {
        self.session = session
        self.heard = heard
    }

    /// The moment at which it counts as lost; nil while it is being served.
    func lostAt(period: Duration, reachableSince: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        openCalls > 0 ? nil : max(heard, reachableSince).advanced(by: period)
    }
}
