import Domain
import HTTPDoor
import Signals
import Storage
import TestSupport
import Testing

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct StrandedTests {
    /// A store that answers, or fails, as told.
    private struct Settling: SettlingStore {
        var answer: Result<SettledRequests, StoreError>

        func settleStranded(limit: Int) async throws -> SettledRequests { try answer.get() }
    }

    /// Whether more may be left, and the loops that are rung.
    private static func run(_ answer: Result<SettledRequests, StoreError>) async -> (isMore: Bool, rung: Set<LoopName>, errors: [String?]) {
        let bell = LocalBell()
        let rung = Watched<Set<LoopName>>([])
        let loops: [LoopName] = [.schedulingCompletions, .schedulingDeadlines, .dispatchMatch, .dispatchTriggers, .dispatchCancels]
        let subscriptions = loops.map { loop in bell.listen(to: loop) { rung.change { $0.formUnion([loop]) } } }
        defer { for subscription in subscriptions { subscription.cancel() } }
        let recorder = LogRecorder()
        let logger = recorder.logger
        let aftermath = Aftermath(registry: SessionRegistry(), bell: bell, logs: LogBell(), logger: logger)
        let isMore = await StrandedPass(store: Settling(answer: answer), aftermath: aftermath, logger: logger).run()
        return (isMore, rung.value, recorder.lines.value.filter { $0.level == .error }.map { $0.metadata[LogKey.error]?.description })
    }

    private static let loops: Set<LoopName> = [.schedulingCompletions, .schedulingDeadlines, .dispatchMatch, .dispatchTriggers]

    @Test("What is settled rings those that may wait for it; a full batch asks for the next at once, and nothing rings nobody")
    func settles() async {
        let some = await Self.run(.success(SettledRequests(count: StrandedPass.batch - 1)))
        #expect(!some.isMore && some.rung == Self.loops)
        let many = await Self.run(.success(SettledRequests(count: StrandedPass.batch)))
        #expect(many.isMore && many.rung == Self.loops)
        let none = await Self.run(.success(SettledRequests()))
        #expect(!none.isMore && none.rung.isEmpty)
        #expect(some.errors + many.errors + none.errors == [])
    }

    @Test("A build that nobody wants any more is told to its worker")
    func cancels() async {
        let cancel = BuildCancel(build: BuildID(1), session: SessionID(1), reason: "no")
        let settled = await Self.run(.success(SettledRequests(count: 1, cancels: [cancel])))
        #expect(settled.rung == Self.loops.union([.dispatchCancels]))
    }

    @Test("A failure is logged, stops no sweep, and asks for no other at once")
    func fails() async {
        let error = StoreError.internalError("a row")
        let failed = await Self.run(.failure(error))
        #expect(!failed.isMore && failed.rung.isEmpty && failed.errors == ["\(error)"])
    }
}
