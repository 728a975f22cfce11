import Domain
import HTTPTypes
import Storage
import StoreConformance
import Testing
import Wire

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct LogTests {
    private func building(_ test: @Sendable @escaping (DispatchRig, WireWorker, AssignmentDocument) async throws -> Void) async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            _ = try await worker.report([build.report(.accept), build.started()])
            try await test(rig, worker, build)
        }
    }

    @Test("A log grows by offset: what is new of an append is kept, and each answer says what the server has")
    func offsets() async throws {
        try await building { rig, worker, build in
            for (offset, text, held) in [(0, "abc", "0-2"), (0, "abc", "0-2"), (3, "def", "0-5"), (2, "cdefgh", "0-7"), (1, "b", "0-7")] {
                let response = try await worker.append(build, at: offset, Array(text.utf8))
                #expect(response.status == .accepted)
                #expect(response.headers[.range] == held)
            }
            #expect(try await rig.store.readLog(build.build, name: "1-unit", offset: 0, limit: 100) == Array("abcdefgh".utf8))
        }
    }

    @Test("A gap is 416 and says what the server has; nothing is kept of it")
    func gap() async throws {
        try await building { rig, worker, build in
            let first = try await worker.append(build, at: 1, [1])
            #expect(first.status == .rangeNotSatisfiable)
            #expect(first.headers[.range] == nil)
            #expect(try DispatchRig.problem(first).type == "urn:doorbell:problem:log_gap")
            _ = try await worker.append(build, at: 0, [1, 2])
            let second = try await worker.append(build, at: 3, [4])
            #expect(second.status == .rangeNotSatisfiable && second.headers[.range] == "0-1")
            #expect(try await rig.store.logStatus(build.build, name: "1-unit")?.size == 2)
        }
    }

    @Test(
        "What is no range of bytes is refused",
        arguments: [
            "bytes 0-1", "bytes */2", "bytes 1-0/*", "bytes -1-1/*", "bytes 0-9223372036854775807/*", "bytes 99999999999999999999-1/*", "lines 0-1/*",
            "bytes 0-1/*, 2-3/*", "bytes +0-+1/*", "bytes 0-1/x", "", "bytes 0- 1/*",
        ])
    func wrongRange(range: String) async throws {
        #expect(ContentRange(range) == nil)
    }

    @Test("A call that is wrong is refused for what is wrong with it, and nothing is kept")
    func refused() async throws {
        try await building { rig, worker, build in
            #expect(try await worker.append(build, at: 0, [1, 2], range: "bytes 0-2/*").status == .badRequest)
            #expect(try await worker.append(build, at: 0, [1, 2], range: "bytes 0-0/*").status == .badRequest)
            #expect(try await worker.append(build, at: 0, [1, 2], range: "nonsense").status == .badRequest)
            let large = [UInt8](repeating: 1, count: WorkerProtocol.logChunkLimit + 1)
            #expect(try await worker.append(build, at: 0, large).status == .contentTooLarge)
            #expect(try await worker.append(build, at: 0, [1], range: "bytes 0-0/*", fence: 0).status == .badRequest)
            for name in ["..%2f..%2fescape", "%2e%2e", "-x", ".hidden", "a%20b", "a%00b", String(repeating: "x", count: 151)] {
                #expect(try await worker.append(build, name, at: 0, [1]).status == .notFound, "\(name)")
            }
            #expect(try await rig.store.logs(of: build.build).isEmpty)
            var headers: HTTPFields = [.contentRange: "bytes 0-0/*"]
            let session = try #require(HTTPField.Name(WorkerProtocol.sessionHeader))
            headers[session] = "\(worker.session)"
            let response = try await rig.call(.patch, "builds/\(build.build)/logs/1-unit", headers, body: .init(string: "x"))
            #expect(response.status == .badRequest)
            let detail = try DispatchRig.problem(response).detail
            #expect(detail?.hasPrefix(WorkerProtocol.fenceHeader) == true)
        }
    }

    @Test("The largest piece is taken, whatever its bytes are")
    func largest() async throws {
        try await building { rig, worker, build in
            let bytes = (0..<WorkerProtocol.logChunkLimit).map { UInt8(truncatingIfNeeded: $0) }
            let response = try await worker.append(build, at: 0, bytes)
            let status = try await rig.store.logStatus(build.build, name: "1-unit")
            #expect(response.status == .accepted)
            #expect(status?.size == Int64(bytes.count))
        }
    }
}
