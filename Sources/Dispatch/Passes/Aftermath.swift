import Domain
import HTTPDoor
import Logging
import Signals
import Storage

/// What follows from committed changes: loops and readers that may wait for them are rung.
struct Aftermath: Sendable {
    let registry: SessionRegistry
    let bell: any Doorbell
    let logs: LogBell
    let logger: Logger
    let counters = DispatchCounters()

    func reports(_ judged: some Sequence<(BuildReport, ReportAnswer)>) {
        var scheduling = false
        var dispatch = false
        var triggers = false
        var waitsAgain = false
        for (report, answer) in judged {
            scheduling = scheduling || answer.ringScheduling
            dispatch = dispatch || answer.ringDispatch
            triggers = triggers || answer.ringTriggers
            if case .finish(let end) = report.content, answer.verdict == .applied {
                logs.ringAll(build: report.build)
                registry.forget(report.build, session: report.session)
                waitsAgain = waitsAgain || answer.ringDispatch && end.outcome == .exception
            }
        }
        if scheduling { bell.ring(.schedulingCompletions) }
        if dispatch { bell.ring(.dispatchMatch) }
        if triggers { bell.ring(.dispatchTriggers) }
        // One that its worker gave back before it began may be late by now.
        if waitsAgain { bell.ring(.schedulingDeadlines) }
    }

    /// Builds were ended by us. Each may have finished its buildset or gone back to `pending`.
    func lost(_ builds: [LostBuild]) {
        guard !builds.isEmpty else { return }
        counters.countLosses(builds.count)
        for build in builds {
            logger.warning(
                "a build was lost",
                metadata: [
                    LogKey.build: "\(build.build)", LogKey.request: "\(build.request)", LogKey.worker: "\(build.worker)",
                    LogKey.retried: "\(build.retried)",
                ])
            logs.ringAll(build: build.build)
            registry.forget(build.build)
        }
        bell.ring(.schedulingCompletions)
        bell.ring(.dispatchMatch)
        bell.ring(.dispatchTriggers)
        // One that waits again, and that no worker had accepted, may be late by now.
        if builds.contains(where: \.retried) { bell.ring(.schedulingDeadlines) }
    }

    /// Requests ended, or wait again, that a dispatcher of the version before had left.
    func settled(_ settled: SettledRequests) {
        guard settled.count > 0 else { return }
        if !settled.cancels.isEmpty { bell.ring(.dispatchCancels) }
        bell.ring(.schedulingCompletions)
        bell.ring(.dispatchMatch)
        bell.ring(.dispatchTriggers)
        bell.ring(.schedulingDeadlines)
    }

    /// A session ended, and these builds with it. What only its worker could build keeps nobody from a lock any more.
    func ended(_ builds: [LostBuild]) {
        lost(builds)
        bell.ring(.dispatchMatch)
    }
}
