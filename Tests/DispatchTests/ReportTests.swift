import Domain
import Foundation
import NIOCore
import Storage
import StoreConformance
import Testing
import Wire

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct ReportTests {
    @Test("A build's whole life may be told twice, each call of it: the answers are the same, and nothing changes")
    func everythingTwice() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            let bytes = Array("hello\n".utf8)
            for report in [build.report(.accept), build.started()] {
                #expect(try await worker.statuses([report]) == [200])
                #expect(try await worker.statuses([report]) == [200])
            }
            #expect(try await worker.append(build, at: 0, bytes).status == .accepted)
            #expect(try await worker.append(build, at: 0, bytes).status == .accepted)
            let last = [build.stepFinished(), build.finish(logs: [.of(bytes)])]
            #expect(try await worker.statuses(last) == [200, 200])
            let (row, events) = (try await rig.store.build(build.build), try await rig.store.everyEvent())
            #expect(row?.outcome == .success && row?.phase == .finished)
            let all = [build.report(.accept), build.started()] + last
            // The end is answered as before; of what came before it there is nothing more to say.
            let statuses = try await worker.statuses(all)
            #expect(statuses == [409, 409, 409, 200])
            #expect(try await worker.append(build, at: 0, bytes).status == .conflict)
            #expect(try await rig.store.build(build.build) == row)
            #expect(try await rig.store.everyEvent() == events)
            expectContiguousVersions(events)
        }
    }

    @Test("Of two ends the first counts; the second is refused")
    func twoEnds() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            #expect(try await worker.statuses([build.report(.accept), build.finish(.failure)]) == [200, 200])
            #expect(try await worker.statuses([build.finish(.success, key: "other")]) == [409])
            #expect(try await rig.store.build(build.build)?.outcome == .failure)
            #expect(try await rig.store.events(.buildFinished).count == 1)
        }
    }

    @Test("Nobody reports for a build of another, or under another fence, and what was tried changes nothing")
    func others() async throws {
        try await DispatchRig.with { rig in
            let (owner, other) = (try await rig.worker("w1"), try await rig.worker("w2"))
            try await rig.force()
            let build = try await owner.take()
            _ = try await owner.report([build.report(.accept), build.started()])
            let (row, events) = (try await rig.store.build(build.build), try await rig.store.everyEvent())
            let reports = [build.report(.accept, key: "a"), build.report(.renew, key: "b"), build.stepFinished(), build.finish(key: "c")]
            #expect(Set(try await other.statuses(reports)).isSubset(of: [404, 409]))
            #expect([404, 409].contains(try await other.append(build, at: 0, [1]).status.code))
            for fence in [1 + build.fence.rawValue, build.fence.rawValue - 1, 0, -1, .max] {
                #expect(try await owner.statuses([build.report(.renew, key: "d\(fence)", fence: fence)]) == [409])
            }
            for fence in [1 + build.fence.rawValue, .max] {
                #expect(try await owner.append(build, at: 0, [1], fence: fence).status == .conflict)
            }
            #expect(try await rig.store.build(build.build) == row)
            #expect(try await rig.store.everyEvent() == events)
        }
    }

    @Test("Reports are judged one by one: a bad one spoils neither those before it nor those behind it")
    func oneByOne() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force(2)
            let builds = try await worker.claim().builds
            let (one, two) = (try #require(builds.first), try #require(builds.last))
            var unknown = one.report(.accept, key: "unknown")
            unknown.build = BuildID(999)
            var both = one.started(key: "both")
            both.finish = BuildEnd(outcome: .success)
            let answers = try await worker.report([
                one.report(.accept), unknown, one.report(.renew, key: "old", fence: 99), one.report(.renew, key: "a b"), both, one.started(),
                one.started(key: "none", number: 7), two.report(.accept),
            ]).answers
            #expect(answers.map(\.status) == [200, 404, 409, 422, 422, 200, 422, 200])
            #expect(
                answers.map(\.key)
                    == ["accept", "unknown", "accept", "a b", "both", "s1", "none", "accept"].enumerated().map { $0 == 2 ? "old" : $1 })
            #expect(answers.allSatisfy { ($0.detail == nil) == ($0.status == 200) })
            #expect(try await rig.store.build(two.build)?.phase == .running)
        }
    }

    private static let senselessReports = [
        (#""kind":"accept","step_started":{"number":1,"attempt":1}"#, "accept: expected no other field, found step_started"),
        (#""kind":"finish""#, "finish: expected the field finish, found none"),
        (#""kind":"step_started","step_started":{"number":0,"attempt":1}"#, "step_started: number and attempt count from 1"),
        (#""kind":"step_started","step_started":{"number":1,"attempt":-1}"#, "step_started: number and attempt count from 1"),
        (
            #""kind":"step_finished","step_finished":{"number":1,"attempt":1,"outcome":"success","duration_ms":-1,"text":""}"#,
            "step_finished: number and attempt count from 1, and durations are not negative"
        ),
        (
            #""kind":"finish","finish":{"outcome":"success","text":"","logs":[{"name":"../x","step":1,"size":0,"sha256":"\#(Samples.digest(1))"}]}"#,
            "finish: a log has a name, a step from 1, a size and a SHA-256 in lower-case hexadecimal; found another"
        ),
        (
            #""kind":"finish","finish":{"outcome":"success","text":"","logs":[{"name":"a","step":1,"size":-1,"sha256":"\#(Samples.digest(1))"}]}"#,
            "finish: a log has a name, a step from 1, a size and a SHA-256 in lower-case hexadecimal; found another"
        ),
        (
            #""kind":"finish","finish":{"outcome":"success","text":"","logs":[{"name":"a","step":1,"size":0,"sha256":"ABC"}]}"#,
            "finish: a log has a name, a step from 1, a size and a SHA-256 in lower-case hexadecimal; found another"
        ),
    ]

    @Test("A report that makes no sense is refused with what is wrong")
    func senseless() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            for (fields, detail) in Self.senselessReports {
                let response = try await rig.call(
                    .post, "sessions/\(worker.session)/reports",
                    body: ByteBuffer(string: #"{"reports":[{"key":"k","build":1,"fence":1,\#(fields)}]}"#))
                #expect(
                    try DispatchRig.decode(ReportBatchAnswer.self, response).answers == [ReportAnswerDocument(key: "k", status: 422, detail: detail)])
            }
        }
    }

    @Test("A body that is no batch of reports is refused as a whole, as is one of too many")
    func wholeBatch() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            let path = "sessions/\(worker.session)/reports"
            let one = #"{"key":"k","build":1,"fence":1,"kind":"renew"}"#
            let many = "{\"reports\":[" + Array(repeating: one, count: 501).joined(separator: ",") + "]}"
            for (body, pointer) in [
                (#"{"reports":[{"key":"k","build":1,"fence":1,"kind":"explode"}]}"#, "/reports/0/kind"), (#"{"reports":{}}"#, "/reports"),
                (#"{"reports":[],"more":1}"#, "/more"), (many, "/reports"),
            ] {
                let response = try await rig.call(.post, path, body: ByteBuffer(string: body))
                #expect(response.status == .unprocessableContent)
                #expect(try DispatchRig.problem(response).errors?.map(\.pointer) == [pointer])
            }
            #expect(try await rig.call(.post, path, body: ByteBuffer(repeating: 0x20, count: 10_000_000)).status == .contentTooLarge)
        }
    }

    @Test("A text too long for people is cut between characters, not refused")
    func longText() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            let reports = [build.report(.accept), build.started(), build.stepFinished(text: String(repeating: "ö🔔", count: 5000))]
            #expect(try await worker.statuses(reports) == [200, 200, 200])
            let text = try #require(try await rig.store.steps(of: build.build).first?.fact.text)
            #expect(text.utf8.count <= 2000 && text.hasSuffix("…") && !text.contains("\u{FFFD}"))
        }
    }

    @Test("An end whose logs are not whole is told what is there; the rest sent, the same end is taken")
    func incompleteLogs() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            let bytes = Array("hello\n".utf8)
            _ = try await worker.report([build.report(.accept), build.started()])
            _ = try await worker.append(build, at: 0, Array(bytes.prefix(2)))
            let end = build.finish(logs: [.of(bytes)])
            let answer = try #require(try await worker.report([end]).answers.first)
            #expect(answer.status == 409 && answer.incompleteLogs == ["1-unit": 2])
            #expect(try await rig.store.build(build.build)?.phase == .running)
            _ = try await worker.append(build, at: 2, Array(bytes.dropFirst(2)))
            #expect(try await worker.statuses([end]) == [200])
            #expect(try await rig.store.readLog(build.build, name: "1-unit", offset: 0, limit: 100) == bytes)
            #expect(try await rig.store.logStatus(build.build, name: "1-unit")?.closed == true)
        }
    }
}
