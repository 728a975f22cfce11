import Signals
import Storage
import Testing

@testable import Runtime

@Suite struct OpenWorkTests {
    private static let nothing = OpenWork(unclassified: false, quiet: false, pendingRequests: false, openBuilds: false)

    @Test(
        "A sweep tells the loop that each kind of open work is for",
        arguments: [
            (\OpenWork.unclassified, LoopName.schedulingClassify), (\.quiet, .schedulingTimers), (\.pendingRequests, .dispatchMatch),
            (\.openBuilds, .sweeper), (\.openBuilds, .dispatchCancels), (\.awaited, .schedulingCompletions), (\.triggered, .dispatchTriggers),
            (\.deadlines, .schedulingDeadlines),
        ] as [(WritableKeyPath<OpenWork, Bool> & Sendable, LoopName)])
    func loops(kind: WritableKeyPath<OpenWork, Bool> & Sendable, loop: LoopName) {
        var work = Self.nothing
        #expect(!ServiceAssembly.loopsWithWork(work).contains(loop))
        work[keyPath: kind] = true
        #expect(ServiceAssembly.loopsWithWork(work).contains(loop))
    }
}
