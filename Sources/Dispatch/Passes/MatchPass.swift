import Domain
import HTTPDoor
import Logging
import Signals
import Storage
import Wire

/// One pass of `dispatch.match`: all free slots that wait here are offered in one call of the store, and the polls are answered.
struct MatchPass: Sendable {
    let store: any DispatchStore
    let registry: SessionRegistry
    let watch: LeaseWatch
    let aftermath: Aftermath
    let sweeper: LoopGroup
    let logger: Logger
    private static let momentOfOthers = Duration.milliseconds(10)

    func run() async throws -> NextWake? {
        let (number, offers) = registry.beginPass()
        guard !offers.isEmpty else { return nil }
        let asked = watch.now.monotonic
        let result = try await watch.watching { [store] in try await store.match(offers.map(\.slots)) }
        let assignments = result.assignments
        aftermath.counters.countClaims(assignments.count)
        // Somebody must look for the end of the leases that now run.
        if !assignments.isEmpty, watch.arm() { sweeper.ring() }
        let (documents, unusable) = prepared(assignments)
        var fruitless: [SessionRegistry.Offer] = []
        for offer in offers {
            guard let builds = documents[offer.slots.session] else {
                fruitless.append(offer)
                continue
            }
            if !offer.ticket.decide(.builds(builds)) {
                // The store keeps them for this session: its next claim, which does not hold them, gets them again.
                logger.debug("a worker went away before its answer", metadata: [LogKey.worker: "\(offer.slots.worker)"])
            }
        }
        if !unusable.isEmpty {
            let answers = try await watch.watching { [store] in try await store.apply(unusable) }
            aftermath.reports(zip(unusable, answers))
        }
        registry.endPass(number, fruitless: fruitless)
        // The slots of builds that never reached their workers are free again.
        if !unusable.isEmpty { return .immediately }
        // Others are at it: they are done in a moment, and until then a look finds the same.
        let wait = result.isUnfinished ? Self.momentOfOthers : result.changesIn.map { max($0, Self.momentOfOthers) }
        return wait.map { .at(asked.advanced(by: $0)) }
    }

    private func prepared(_ assignments: [Assignment]) -> (documents: [SessionID: [AssignmentDocument]], unusable: [BuildReport]) {
        var documents: [SessionID: [AssignmentDocument]] = [:]
        var unusable: [BuildReport] = []
        for assignment in assignments {
            do {
                documents[assignment.session, default: []].append(try AssignmentDocument(assignment))
            } catch {
                unusable.append(BuildReport(unusable: assignment, because: error))
            }
        }
        return (documents, unusable)
    }
}
