import Domain
import Foundation
import ProcessSupport
import Storage
import StoragePostgres
import StoreConformance
import Synchronization
import Testing

/// The promise on many processes: whatever dies, freezes, restarts or is cut off, no accepted change is lost, no build is done twice, no event is missing.
@Suite(.serialized) struct ClusterPromiseTests {
    private static let isLong = ProcessInfo.processInfo.environment["DOORBELL_FAULTS"] == "long"

    @Test(
        "Nothing accepted is lost, nothing is done twice and no event is missing while services, database and broker fail", .timeLimit(.minutes(30)))
    func everythingFails() async throws {
        let seed = FaultPlan.fromEnvironment().seed
        let changes = Self.isLong ? 2000 : 60
        var generator = SeededGenerator(seed: seed)
        print("cluster fault run: \(changes) changes, seed \(seed)")
        let context: Comment = "seed \(seed)"
        let cluster = try await FaultCluster()
        let ledger = try FaultLedger(path: cluster.directory.file("ledger"))
        do {
            try await cluster.startServices()
            let consumer = try await EventConsumer(broker: cluster.rabbitmq.url, directory: cluster.directory.path)
            try await cluster.startWork(configuration: ledger.configuration)
            let accepted = try await run(cluster, changes: changes, using: &generator)
            #expect(accepted == changes, context)
            try await judge(cluster, ledger, consumer, changes: changes, context)
            #expect(await cluster.drain() == [], context)
            await consumer.stop()
        } catch {
            Issue.record("seed \(seed): \(error)\n\(cluster.logs)")
        }
        ledger.killSteps()
        await cluster.stop()
    }

    /// Changes come in through both intakes while each fault happens; returns how many were answered 2xx, once all is built.
    private func run(_ cluster: FaultCluster, changes: Int, using generator: inout SeededGenerator) async throws -> Int {
        let accepted = AcceptedCount()
        let faults = ClusterFault.plan(isLong: Self.isLong, using: &generator)
        for (place, fault) in faults.enumerated() {
            let part = (changes * place / faults.count)..<(changes * (place + 1) / faults.count)
            let before = (try? await finished(cluster)) ?? 0
            let submitting = Task { try await submit(part, to: cluster, accepted) }
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...600, using: &generator)))
            let start = ContinuousClock.now
            try await cluster.suffer(fault, using: &generator)
            let back = ContinuousClock.now
            try await submitting.value
            _ = try await cluster.web.poll(within: .seconds(60)) { try await finished(cluster) > before ? true : nil }
            print(
                "cluster fault run: \(fault): took \(start.duration(to: back).milliseconds) ms; "
                    + "\(part.count) changes were in and a build had ended \(back.duration(to: .now).milliseconds) ms after it was over")
        }
        _ = try await cluster.web.poll(within: .seconds(300)) { () -> Bool? in
            let open = try await cluster.web.list("/api/v1/buildsets?finished=false")
            guard open.isEmpty else { return nil }
            return try await cluster.web.list("/api/v1/buildsets").count >= changes * 2 ? true : nil
        }
        return accepted.value
    }

    /// Four clients, each of which repeats a change at one intake and the other until it is answered 2xx.
    private func submit(_ part: Range<Int>, to cluster: FaultCluster, _ accepted: AcceptedCount) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<4 {
                group.addTask {
                    for number in part where number % 4 == client {
                        var turn = client
                        _ = try await cluster.web.poll(within: .seconds(300)) { () -> Bool? in
                            turn += 1
                            let answer = try await cluster.api("intake-\(1 + turn % 2)").post("/api/v1/changes", FaultLedger.change(number))
                            return (200..<300).contains(answer.status) ? true : nil
                        }
                        accepted.add()
                        try await Task.sleep(for: .milliseconds(150))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func finished(_ cluster: FaultCluster) async throws -> Int {
        let page = try await cluster.web.get("/api/v1/builds?phase=finished&limit=1").object["items"] as? [[String: Any]]
        return page?.first?["id"] as? Int ?? 0
    }

    private func judge(
        _ cluster: FaultCluster, _ ledger: FaultLedger, _ consumer: EventConsumer, changes: Int, _ context: Comment
    ) async throws {
        let store = try await PostgresStore.open(try PostgresAddress(cluster.databaseURL), connections: 2, migrating: false)
        var perChange: [ChangeID: [String]] = [:]
        for buildset in try await everyBuildset(store) {
            for change in buildset.changes { perChange[change, default: []].append(buildset.scheduler) }
        }
        #expect(perChange.count == changes, context)
        #expect(perChange.values.allSatisfy { $0.sorted() == ["all", "each"] }, context)
        try ledger.check(context)
        try await checkLogs(store, ledger, changes: changes, context)
        // A leader that died last leaves its lease behind: until that ends nobody makes ticks.
        let built = ContinuousClock.now
        let events = try await cluster.web.poll(within: .seconds(60)) { () -> [EventRecord]? in
            let events = try await store.everyEvent()
            return events.count { $0.kind == .buildsetFinished } >= changes * 2 ? events : nil
        }
        print("cluster fault run: every event could be read \(built.duration(to: .now).milliseconds) ms after the builds")
        expectContiguousVersions(events)
        let ends = events.filter { $0.kind == .requestFinished }
        #expect(ends.count == changes * 2 && Set(ends.map(\.entityID)).count == ends.count, context)
        // The relay has caught up when the consumer has the last of them.
        let wanted = Set(events.map(\.messageID))
        let received = try await cluster.web.poll(within: .seconds(120)) { () -> [EventConsumer.Delivery]? in
            let deliveries = consumer.deliveries
            return wanted.isSubset(of: Set(deliveries.map(\.message))) ? deliveries : nil
        }
        checkDeliveries(received, context)
        print("cluster fault run: \(events.count) events, \(received.count) deliveries, \(received.count - Set(received).count) of them repeats")
        try await store.close()
    }

    /// Without the repeats, every entity's versions come in order and without a hole.
    private func checkDeliveries(_ deliveries: [EventConsumer.Delivery], _ context: Comment) {
        var seen = Set<String>()
        var last: [String: Int64] = [:]
        for delivery in deliveries where seen.insert(delivery.message).inserted {
            #expect(delivery.version == (last[delivery.entity] ?? 0) + 1, "\(delivery.entity), \(context)")
            last[delivery.entity] = delivery.version
        }
    }

    private func everyBuildset(_ store: PostgresStore) async throws -> [BuildsetRow] {
        var all: [BuildsetRow] = []
        while true {
            let page = try await store.buildsets(PageQuery(BuildsetFields(), ascending: true, after: all.last?.id.rawValue, limit: 500))
            if page.isEmpty { return all }
            all += page
        }
    }

    private func checkLogs(_ store: PostgresStore, _ ledger: FaultLedger, changes: Int, _ context: Comment) async throws {
        var fields = BuildFields()
        fields.builder = "talks"
        var after: Int64?
        var compared = 0
        while true {
            let page = try await store.builds(PageQuery(fields, ascending: true, after: after, limit: 500))
            guard let last = page.last else { break }
            after = last.id.rawValue
            for build in page {
                let log = Data(try await store.readLog(build.id, name: "1-talk", offset: 0, limit: 1 << 20))
                let wrote = ledger.written(by: build.id.rawValue)
                if build.outcome == .success {
                    #expect(log == wrote, "build \(build.id), \(context)")
                    compared += 1
                } else {
                    #expect(wrote.starts(with: log), "lost build \(build.id), \(context)")
                }
            }
        }
        #expect(compared == changes, context)
    }
}

extension Duration {
    fileprivate var milliseconds: Int { Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000) }
}

private final class AcceptedCount: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() { count.withLock { $0 += 1 } }
}
