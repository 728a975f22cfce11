import Domain
import HTTPTypes
import StorageSQLite
import StoreConformance
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct LogReadingTests {
    /// A running build whose log says "hello".
    private func building(_ test: @Sendable @escaping (WebRig, WorkerDouble<SQLiteStore>, Assignment, String) async throws -> Void) async throws {
        try await WebRig.with { rig in
            try await rig.force()
            let worker = try await WorkerDouble(rig.store, "w1")
            let build = try #require(try await worker.claim().first)
            try await worker.accept([build])
            try await worker.append(build, at: 0, Array("hello".utf8))
            try await test(rig, worker, build, "/api/v1/builds/\(build.build)/logs/1-unit")
        }
    }

    static let asked: [(range: String, expected: ByteRange)] = [
        ("bytes=0-1", .part(0..<2)), ("bytes=2-", .part(2..<5)), ("bytes=-2", .part(3..<5)), ("bytes=-99", .part(0..<5)),
        ("bytes=4-99", .part(4..<5)), ("bytes=0-9223372036854775807", .part(0..<5)), ("bytes=0-99999999999999999999", .part(0..<5)),
        ("Bytes=0-0", .part(0..<1)), ("bytes=5-", .unsatisfiable), ("bytes=5-6", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        ("bytes=99999999999999999999-", .unsatisfiable), ("lines=0-1", .ignored), ("bytes=0-1,3-4", .ignored), ("bytes=1-0", .ignored),
        ("bytes=", .ignored), ("bytes=-", .ignored), ("bytes=+0-+1", .ignored), ("bytes=a-b", .ignored), ("", .ignored),
    ]

    @Test("A range is read as HTTP has it: what makes no sense is as if it had not been asked", arguments: asked)
    func range(range: String, expected: ByteRange) {
        #expect(ByteRange(range, size: 5) == expected)
    }

    @Test("Of nothing no range can be had", arguments: ["bytes=0-", "bytes=-1", "bytes=0-0"])
    func emptyLog(range: String) {
        #expect(ByteRange(range, size: 0) == .unsatisfiable)
    }

    @Test("A log is answered whole, in part, or with its size when the part is behind its end")
    func parts() async throws {
        try await building { rig, _, _, path in
            let whole = try await rig.get(path)
            #expect(String(buffer: whole.body) == "hello" && whole.status == .ok && whole.headers[.acceptRanges] == "bytes")
            let part = try await rig.get(path, [.range: "bytes=1-3"])
            #expect(String(buffer: part.body) == "ell" && part.status == .partialContent)
            #expect(part.headers[.contentRange] == "bytes 1-3/5")
            let ignored = try await rig.get(path, [.range: "lines=1-3"])
            #expect(String(buffer: ignored.body) == "hello" && ignored.status == .ok)
            let behind = try await rig.get(path, [.range: "bytes=5-"])
            #expect(behind.status == .rangeNotSatisfiable && behind.headers[.contentRange] == "bytes */5")
            #expect(try WebRig.problem(behind).type == "urn:doorbell:problem:range_not_satisfiable")
            #expect(try await rig.get(path + "?follow=perhaps").status == .badRequest)
        }
    }

    @Test("What a build prints comes back byte for byte, a large log too")
    func bytes() async throws {
        try await building { rig, worker, build, path in
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
            try await worker.append(build, at: 5, bytes)
            let response = try await rig.get(path)
            #expect(Array(response.body.readableBytesView.dropFirst(5)) == bytes)
            #expect(response.headers[.contentType] == "text/plain; charset=utf-8")
        }
    }

    @Test("Who follows a log gets what is there, then what comes, and the end; nobody is left listening")
    func follow() async throws {
        try await building { rig, worker, build, path in
            try await rig.following(path + "?follow=1") { text in
                await text.wait { $0 == "hello" }
                try await worker.append(build, at: 5, Array(" world".utf8))
                rig.logs.ring(build: build.build, name: "1-unit", offset: 5, size: 11)
                await text.wait { $0 == "hello world" }
                try await worker.finish(build, .success, logs: [.of(Array("hello world".utf8))])
                rig.logs.ringAll(build: build.build)
                await text.wait { $0.hasSuffix("<end>") }
                #expect(text.value == "hello world<end>")
            }
            // An end that was there before is not waited for.
            let response = try await rig.get(path + "?follow=1")
            #expect(String(buffer: response.body) == "hello world")
            #expect(rig.logs.followerCount == 0)
        }
    }
}
