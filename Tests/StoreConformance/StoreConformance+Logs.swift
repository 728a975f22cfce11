import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var logRules: [Rule] {
        [
            Rule("a log grows by what lies beyond its size: repeats change nothing, gaps are told") { try await $0.logGrows() },
            Rule("a log has exactly the bytes that were sent, also after a restart") { try await $0.logIsExact() },
            Rule("the first bytes open a log, once") { try await $0.logOpensOnce() },
            Rule("a build does not finish before its logs are whole") { try await $0.incompleteLogs() },
            Rule("a log that differs from what its worker wrote is not sealed") { try await $0.wrongDigest() },
            Rule("a lost build's log is closed with every acknowledged byte, and takes no more") { try await $0.lostLog() },
            Rule("an append and the end of its build agree on what was acknowledged") { try await $0.logRace() },
            Rule("a long append that its build's end overtakes is not acknowledged") { try await $0.overtakenAppend() },
            Rule("log names lead nowhere but to their log") { try await $0.logNames() },
        ]
    }

    func logGrows() async throws {
        let (world, worker, builds) = try await running()
        let build = builds[0]
        #expect(try await world.store.logStatus(build.build, name: "1-unit") == nil)
        #expect(try await worker.append(build, at: 5, [1]) == .gap(size: 0))
        #expect(try await worker.append(build, at: 0, [1, 2, 3]) == .accepted(size: 3, grew: true))
        #expect(try await worker.append(build, at: 0, [1, 2, 3]) == .accepted(size: 3, grew: false))
        #expect(try await worker.append(build, at: 1, [2]) == .accepted(size: 3, grew: false))
        #expect(try await worker.append(build, at: 2, [3, 4]) == .accepted(size: 4, grew: true))
        #expect(try await worker.append(build, at: 4, []) == .accepted(size: 4, grew: false))
        #expect(try await worker.append(build, at: 5, [6]) == .gap(size: 4))
        #expect(try await worker.append(build, at: .max, [6]) == .gap(size: 4))
        #expect(try await world.store.readLog(build.build, name: "1-unit", offset: 0, limit: 100) == [1, 2, 3, 4])
        #expect(try await world.store.readLog(build.build, name: "1-unit", offset: 1, limit: 2) == [2, 3])
        #expect(try await world.store.readLog(build.build, name: "1-unit", offset: 4, limit: 2) == [])
        #expect(try await world.store.readLog(build.build, name: "other", offset: 0, limit: 2) == [])
        #expect(try await world.store.logStatus(build.build, name: "1-unit")?.size == 4)
        await #expect(throws: StoreError.self) { try await worker.append(build, at: -1, [1]) }
        await #expect(throws: StoreError.self) { try await worker.append(build, "a\u{0}b", at: 0, [1]) }
    }

    func logIsExact() async throws {
        let (world, worker, builds) = try await running()
        var random = SeededRandom(seed: 11)
        let bytes = (0..<50_000).map { _ in random.next() as UInt8 }
        var size = 0
        while size < bytes.count / 2 {
            let part = Array(bytes[size..<min(bytes.count, size + Int.random(in: 1...3000, using: &random))])
            #expect(try await worker.append(builds[0], at: Int64(size), part) == .accepted(size: Int64(size + part.count), grew: true))
            size += part.count
        }
        try await world.store.close()
        let store = try await open(world.directory.path, world.clock)
        #expect(try await store.readLog(builds[0].build, name: "1-unit", offset: 0, limit: 100_000) == Array(bytes[..<size]))
        let again = try await WorkerDouble(store, slots: 1)
        #expect(again.session.id == worker.session.id)
        #expect(try await again.append(builds[0], at: 0, bytes) == .accepted(size: Int64(bytes.count), grew: true))
        #expect(try await again.finish(builds[0], logs: [.of(bytes)])?.verdict == .applied)
        #expect(try await store.readLog(builds[0].build, name: "1-unit", offset: 0, limit: 100_000) == bytes)
        let status = try await store.logStatus(builds[0].build, name: "1-unit")
        #expect(status == LogStatus(name: "1-unit", step: 1, size: Int64(bytes.count), sha256: LogDeclaration.of(bytes).sha256, closed: true))
        try await store.close()
    }

    func logOpensOnce() async throws {
        let (world, worker, builds) = try await running()
        try await worker.append(builds[0], at: 0, [1])
        try await worker.append(builds[0], at: 1, [2])
        try await worker.append(builds[0], "2-more", at: 0, [3])
        #expect(try await world.store.logs(of: builds[0].build).map(\.name) == ["1-unit", "2-more"])
        let logs = [LogDeclaration.of([1, 2]), .of([3], name: "2-more"), .of([], name: "3-silent")]
        #expect(try await worker.finish(builds[0], logs: logs)?.verdict == .applied)
        let events = try await world.store.everyEvent()
        expectContiguousVersions(events)
        let opened = try events.filter { $0.kind == .logOpened }.map { try $0.fact(LogFact.self).name }
        #expect(opened == ["1-unit", "2-more", "3-silent"])
        let closed = try events.filter { $0.kind == .logClosed }.map { try $0.fact(LogFact.self) }
        #expect(Set(closed.map(\.name)) == ["1-unit", "2-more", "3-silent"])
        #expect(Set(closed.map(\.size)) == [2, 1, 0])
        #expect(try await world.store.logs(of: builds[0].build).filter { !$0.closed }.isEmpty)
    }

    func incompleteLogs() async throws {
        let (world, worker, builds) = try await running()
        let bytes: [UInt8] = [1, 2, 3, 4]
        try await worker.append(builds[0], at: 0, [1, 2])
        let logs = [LogDeclaration.of(bytes), .of([9], name: "2-more")]
        #expect(try await worker.finish(builds[0], logs: logs)?.verdict == .logsIncomplete(["1-unit": 2, "2-more": 0]))
        #expect(try await world.store.build(builds[0].build)?.phase == .running)
        try await worker.append(builds[0], at: 2, [3, 4])
        #expect(try await worker.finish(builds[0], logs: logs)?.verdict == .logsIncomplete(["2-more": 0]))
        try await worker.append(builds[0], "2-more", at: 0, [9])
        #expect(try await worker.finish(builds[0], logs: logs)?.verdict == .applied)
        #expect(try await worker.finish(builds[0], logs: logs)?.verdict == .applied)
    }

    func wrongDigest() async throws {
        let (world, worker, builds) = try await running()
        try await worker.append(builds[0], at: 0, [1, 2])
        for wrong in [LogDeclaration.of([1, 3]), .of([1])] {
            let answer = try await worker.finish(builds[0], logs: [wrong])
            if case .invalid? = answer?.verdict {} else { Issue.record("\(String(describing: answer))") }
        }
        #expect(try await world.store.build(builds[0].build)?.phase == .running)
        #expect(try await worker.finish(builds[0], logs: [.of([1, 2])])?.verdict == .applied)
    }

    func lostLog() async throws {
        let (world, worker, builds) = try await running()
        try await worker.append(builds[0], at: 0, [1, 2, 3])
        _ = try await world.store.endSession(worker.session.id, lost: true, reason: "silent")
        let status = try await world.store.logStatus(builds[0].build, name: "1-unit")
        #expect(status == LogStatus(name: "1-unit", step: 1, size: 3, sha256: nil, closed: true))
        for name in ["1-unit", "2-new"] {
            if case .stale = try await worker.append(builds[0], name, at: 3, [4]) {} else { Issue.record("an ended build's log took bytes") }
        }
        #expect(try await world.store.readLog(builds[0].build, name: "1-unit", offset: 0, limit: 10) == [1, 2, 3])
        #expect(try await world.store.events(.logClosed).count == 1)
    }

    func logRace() async throws {
        for round in 0..<10 {
            let (world, worker, builds) = try await running()
            try await worker.append(builds[0], at: 0, [0])
            async let acknowledged = Self.appendUntilRefused(worker, builds[0])
            // Some appends go through first: how many is up to the scheduler, the rule holds for any number.
            while try await (world.store.logStatus(builds[0].build, name: "1-unit")?.size ?? 0) < Int64(round) { await Task.yield() }
            _ = try await world.store.endSession(worker.session.id, lost: true, reason: "silent")
            let size = try await acknowledged
            let status = try #require(try await world.store.logStatus(builds[0].build, name: "1-unit"))
            #expect(status.size >= size)
            let bytes = try await world.store.readLog(builds[0].build, name: "1-unit", offset: 0, limit: 100_000)
            #expect(bytes == (0..<status.size).map { UInt8(truncatingIfNeeded: $0) })
        }
    }

    func overtakenAppend() async throws {
        for _ in 0..<3 {
            let (world, worker, builds) = try await running()
            try await worker.append(builds[0], at: 0, [0])
            async let answer = worker.append(builds[0], at: 1, [UInt8](repeating: 1, count: 32 << 20))
            // As soon as some of it is on its way.
            while try await (world.store.logStatus(builds[0].build, name: "1-unit")?.size ?? 0) < 2 { await Task.yield() }
            _ = try await world.store.endSession(worker.session.id, lost: true, reason: "silent")
            let size = try #require(try await world.store.logStatus(builds[0].build, name: "1-unit")).size
            if case .accepted(let acknowledged, _) = try await answer { #expect(acknowledged <= size) }
        }
    }

    /// Appends byte after byte; the size that was acknowledged last.
    private static func appendUntilRefused(_ worker: WorkerDouble<S>, _ build: Assignment) async throws -> Int64 {
        var size: Int64 = 1
        while case .accepted(let now, _) = try await worker.append(build, at: size, [UInt8(truncatingIfNeeded: size)]) { size = now }
        return size
    }

    func logNames() async throws {
        let (world, worker, builds) = try await running()
        let names = [
            "..", ".", "", "../../../escape", "a/b", "a%2fb", "/etc/passwd", "-rf", "é", String(repeating: "x", count: 300),
            String(repeating: "x", count: 301), "%", ".hidden",
        ]
        for (number, name) in names.enumerated() {
            #expect(try await worker.append(builds[0], name, at: 0, [UInt8(number)]) == .accepted(size: 1, grew: true), "\(name)")
        }
        for (number, name) in names.enumerated() {
            #expect(try await world.store.readLog(builds[0].build, name: name, offset: 0, limit: 9) == [UInt8(number)], "\(name)")
        }
    }
}
