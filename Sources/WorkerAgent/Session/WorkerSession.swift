import Domain
import Logging
import Wire

/// One session with the dispatchers: claims builds while it lasts, and renews their leases.
struct WorkerSession: Sendable {
    /// How long a claim waits for work.
    static let pollTime = 25_000
    /// How long a full worker waits before it asks for orders only: most builds of a busy worker are over before.
    static let fullPause: Duration = .milliseconds(500)
    /// An empty answer before this time is no long poll; asking again at once would be a storm.
    static let shortestPoll: Duration = .milliseconds(100)
    /// How long the ends of builds have to be delivered once the worker was told to stop.
    static let deliveryTime: Duration = .seconds(15)

    let setting: WorkerSetting
    let client: DispatcherClient
    let document: SessionDocument
    let credentials: DispatcherClient.Credentials
    let builds: BuildTable
    let drain: Gate
    let logger: Logger

    /// Returns after a drain; throws `DispatcherError.sessionOver` when the dispatchers ended the session. No build runs when it ends.
    func run() async throws {
        let reporter = Reporter(
            client: client, credentials: credentials, onAnswer: { hear($0, $1) }, onControl: { obey($0) })
        let (assigned, assigning) = AsyncStream.makeStream(of: HeldBuild.self)
        let claimsEnded = Gate()
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await reporter.run()
                return false
            }
            tasks.addTask {
                await renewLeases(reporter)
                return false
            }
            tasks.addTask {
                defer {
                    assigning.finish()
                    claimsEnded.open()
                }
                try await claim { assigning.yield($0) }
                return false
            }
            tasks.addTask {
                await claimsEnded.wait()
                await giveBack()
                return false
            }
            tasks.addTask {
                await withDiscardingTaskGroup { running in
                    for await build in assigned { running.addTask { await run(build, reporter) } }
                }
                return true
            }
            // True: the last build has ended after the last claim.
            while let isOver = try await tasks.next(), !isOver {}
            tasks.cancelAll()
        }
        try Task.checkCancellation()
    }

    private func run(_ build: HeldBuild, _ reporter: Reporter) async {
        var logger = logger
        logger[metadataKey: "build"] = "\(build.assignment.build)"
        logger[metadataKey: "chain"] = "\(build.assignment.chain)"
        await BuildSession(
            setting: setting, client: client, credentials: credentials, reporter: reporter, build: build, logger: logger
        ).run()
        builds.release(build)
    }

    /// Claims builds until the worker drains.
    private func claim(_ take: @Sendable (HeldBuild) -> Void) async throws {
        var backoff = Backoff()
        var isAway = false
        while !drain.isOpen {
            try Task.checkCancellation()
            let free = builds.free
            if free == 0, await FirstOf.wait({ try? await Task.sleep(for: Self.fullPause) }, { await builds.waitForFree(1) }, drain.wait) > 0 {
                continue
            }
            let asked = ContinuousClock.now
            do {
                let request = ClaimRequest(free: free, holding: builds.holding, waitMilliseconds: Self.pollTime)
                let answer = try await FirstOf.result(of: { try await client.claim(request, as: credentials) }) {
                    if free == 0 { _ = await FirstOf.wait({ await builds.waitForFree(1) }, drain.wait) } else { await drain.wait() }
                }
                guard let answer else { continue }
                if isAway { logger.info("dispatcher answers again") }
                isAway = false
                obey(answer.control)
                for assignment in answer.builds {
                    if let build = builds.take(assignment) { take(build) }
                }
                if answer.builds.isEmpty, answer.control.isEmpty, .now - asked < Self.shortestPoll {
                    try await backoff.wait()
                } else {
                    backoff.reset()
                }
            } catch DispatcherError.unavailable(let reason) {
                if !isAway { logger.warning("dispatcher does not answer; trying on", metadata: ["reason": "\(reason)"]) }
                isAway = true
                try await backoff.wait()
            }
        }
    }

    /// Lets running builds go on for the time that they have after a drain, then gives them back.
    private func giveBack() async {
        guard drain.isOpen else { return }
        do {
            try await Task.sleep(for: setting.configuration.drainTimeout)
            for build in builds.all { build.finishEarly(.drained) }
            try await Task.sleep(for: Self.deliveryTime)
            for build in builds.all { build.finishEarly(.stopped) }
        } catch {
            // Cancelled: all builds have ended, or are told by the same cancellation.
        }
    }

    /// Renews what no other report renewed, between a sixth and a third of the lease after the last.
    private func renewLeases(_ reporter: Reporter) async {
        let lease: Duration = .milliseconds(document.leaseMilliseconds)
        let patience = lease + .milliseconds(document.surviveMilliseconds)
        while !Task.isCancelled {
            for build in builds.all {
                if build.silence > patience {
                    build.finishEarly(.forgotten("no dispatcher answered for \(patience.forPeople), so the lease is over"))
                } else if build.mustRenew(after: lease / 6) {
                    reporter.post(build.report(.renew))
                }
            }
            // Ends early only when the task is cancelled.
            try? await Task.sleep(for: max(lease / 6, .milliseconds(20)))
        }
    }

    private func hear(_ report: ReportDocument, _ answer: ReportAnswerDocument) {
        guard let build = builds[report.build] else { return }
        switch answer.status {
        case 200: build.wasHeard()
        case 404, 409:
            // That of a finish may only lack logs; its build sees to that itself.
            if report.kind != .finish { build.finishEarly(.forgotten(answer.detail ?? "the build is not this session's any more")) }
        default:
            logger.warning(
                "report refused",
                metadata: [
                    "build": "\(report.build)", "kind": "\(report.kind.rawValue)", "status": "\(answer.status)", "detail": "\(answer.detail ?? "")",
                ])
        }
    }

    private func obey(_ orders: [ControlDocument]) {
        for order in orders {
            switch order.action {
            case .cancel: builds[order.build]?.finishEarly(.cancelled(order.reason))
            case .forget: builds[order.build]?.finishEarly(.forgotten(order.reason))
            }
        }
    }
}
