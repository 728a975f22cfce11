import Foundation
import ProcessSupport
import Synchronization
import TestSupport

/// One run of the promise: changes come in while processes are killed at random moments, and everything that happened is written down by the
/// steps themselves, outside Doorbell.
final class FaultRun: Sendable {
    enum Victim: CaseIterable {
        case server, firstWorker, secondWorker, serverAndWorker
    }

    let plan: FaultPlan
    let directory = TemporaryDirectory()
    let deployment: Deployment
    let ledger: FaultLedger
    private let accepted = Mutex<[Int: Int64]>([:])
    private let outlived = Mutex<[String]>([])
    /// What runs at the end; a process is ended with its object.
    private let living = Mutex<[RunningProcess]>([])

    private static let serverEnvironment = ["DOORBELL_LEASE_SECONDS": "5"]

    init(plan: FaultPlan) throws {
        self.plan = plan
        deployment = try Deployment(directory: directory.file("run"))
        ledger = try FaultLedger(path: directory.file("ledger"))
        try deployment.write(configuration: ledger.configuration)
    }

    /// The number of the change that each submission was answered with, by submission.
    var answers: [Int: Int64] { accepted.withLock { $0 } }
    /// Steps that were alive after their worker had been dead for a while.
    var survivors: [String] { outlived.withLock { $0 } }

    /// Runs to the end: everything submitted, every victim killed, every buildset finished, the server stopped in good order.
    func perform() async throws {
        var server = try await deployment.start(["--slots", "0"], environment: Self.serverEnvironment)
        var workers = [try worker(0), try worker(1)]
        async let submissions: Void = submit()
        var generator = SeededGenerator(seed: plan.seed)
        for _ in 0..<plan.kills {
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...900, using: &generator)))
            let victim = Victim.allCases.randomElement(using: &generator) ?? .server
            let away = Duration.milliseconds(Int.random(in: 0...400, using: &generator))
            let index = victim == .secondWorker || (victim == .serverAndWorker && Bool.random(using: &generator)) ? 1 : 0
            if victim != .server { await killWorker(&workers, index) }
            if victim == .server || victim == .serverAndWorker {
                server.send(SIGKILL)
                _ = await server.status()
            }
            try await Task.sleep(for: away)
            if victim == .server || victim == .serverAndWorker {
                server = try deployment.launch(["--slots", "0"], environment: Self.serverEnvironment)
            }
            if victim != .server { workers[index] = try worker(index) }
        }
        try await submissions
        try await deployment.waitUntilReady(server)
        let expected = plan.changes * 2
        _ = try await deployment.api.poll(within: .seconds(600)) { () -> Bool? in
            let open = try await deployment.api.list("/api/v1/buildsets?finished=false")
            guard open.isEmpty else { return nil }
            let all = try await deployment.api.list("/api/v1/buildsets")
            return all.count >= expected ? true : nil
        }
        living.withLock { $0 = workers + [server] }
    }

    /// Ends what runs, workers first, in good order; false when something did not end so.
    func drain() async -> Bool {
        var good = true
        for process in living.withLock({ $0 }) {
            process.send(SIGTERM)
            good = await process.status() == 0 && good
        }
        return good
    }

    /// The end of what the servers said on standard error.
    var serverLog: String {
        let text = (try? String(contentsOfFile: deployment.directory + "/up.err", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(30).joined(separator: "\n")
    }

    func stop() async { ledger.killSteps() }

    private func worker(_ index: Int) throws -> RunningProcess { try deployment.startWorker("w\(index)", slots: 2) }

    /// Kills a worker and checks that the steps it ran end with it.
    private func killWorker(_ workers: inout [RunningProcess], _ index: Int) async {
        workers[index].send(SIGKILL)
        _ = await workers[index].status()
        let steps = ProcessTable.processes(withEnvironment: ["LEDGER=\(ledger.path)", "DOORBELL_WORKER=w\(index)"])
        let deadline = ContinuousClock.now + .seconds(15)
        var left = steps.filter(ProcessTable.isAlive)
        while !left.isEmpty, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(20))
            left = left.filter(ProcessTable.isAlive)
        }
        if !left.isEmpty { outlived.withLock { $0 += left.map { "process \($0.pid) of worker w\(index)" } } }
    }

    /// Submits every change until it is answered 2xx, from four clients at once.
    private func submit() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<4 {
                group.addTask {
                    for number in stride(from: client, to: self.plan.changes, by: 4) {
                        let answer = try await self.deployment.api.poll(within: .seconds(300)) { () -> API.Answer? in
                            let answer = try await self.deployment.api.post("/api/v1/changes", FaultLedger.change(number))
                            return (200..<300).contains(answer.status) ? answer : nil
                        }
                        if let id = answer.object["id"] as? Int64 ?? (answer.object["id"] as? Int).map(Int64.init) {
                            self.accepted.withLock { $0[number] = id }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
