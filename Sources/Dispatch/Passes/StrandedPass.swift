import Logging
import Storage

/// The part of a sweep that settles what dispatchers of the version before left. It is apart from the rest: nothing else waits for it, or fails with it.
struct StrandedPass: Sendable {
    /// How many requests are looked for in one transaction.
    static let batch = 200

    let store: any SettlingStore
    let aftermath: Aftermath
    let logger: Logger

    /// True when more may be left.
    func run() async -> Bool {
        do {
            let settled = try await store.settleStranded(limit: Self.batch)
            aftermath.settled(settled)
            return settled.count >= Self.batch
        } catch {
            logger.error(
                "requests that others' builds answered could not be settled: the next sweep tries again", metadata: [LogKey.error: "\(error)"])
            return false
        }
    }
}
