import Logging
import Signals
import Storage

/// One pass of `dispatch.triggers`: answers the workers whose steps wait for buildsets that have ended, and cancels what nobody waits for any more.
struct TriggerPass: Sendable {
    /// Rows of one pass.
    static let batch = 100

    let store: any TriggerStore
    let waits: TriggerWaits
    let bell: any Doorbell
    let watch: LeaseWatch
    let logger: Logger

    func run() async throws -> NextWake? {
        let builds = waits.builds
        if !builds.isEmpty { waits.tell(try await watch.watching { [store] in try await store.triggered(by: builds) }) }
        let ended = try await watch.watching { [store] in try await store.endTriggered(limit: Self.batch) }
        if ended.taken > 0 {
            // What was cancelled may have been waited for, or followed, in turn.
            bell.ring(.schedulingCompletions)
            bell.ring(.dispatchMatch)
        }
        if !ended.cancels.isEmpty {
            bell.ring(.dispatchCancels)
            logger.info(
                "builds cancelled that nobody waits for", metadata: ["builds": "\(ended.cancels.map(\.build.description).joined(separator: ","))"])
        }
        return ended.isFull ? .immediately : nil
    }
}
