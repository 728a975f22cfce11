import Domain
import Foundation
import NIOCore
import Signals
import Storage
import StoreConformance
import Testing
import Wire

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct SessionTests {
    @Test("A worker that introduces itself gets a session; introducing itself again gives the same one")
    func opening() async throws {
        try await DispatchRig.with { rig in
            let first = try await rig.open()
            let again = try await rig.open()
            #expect(first.status == .created && again.status == .ok)
            let document = try DispatchRig.decode(SessionDocument.self, first)
            #expect(try DispatchRig.decode(SessionDocument.self, again) == document)
            #expect(document.leaseMilliseconds == 30_000 && document.surviveMilliseconds == 600_000)
        }
    }

    @Test("The same incarnation with another secret is somebody else: refused, and the first goes on")
    func otherSecret() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            #expect(try await rig.open(secret: String(repeating: "x", count: 32)).status == .conflict)
            #expect(try await worker.claim().builds.isEmpty)
        }
    }

    private static let wrongFields = [
        (#""worker":"../etc""#, "/worker"), (#""worker":"""#, "/worker"), (#""worker":"-w""#, "/worker"), (#""worker":7"#, "/worker"),
        (#""worker":"\#(String(repeating: "w", count: 101))""#, "/worker"), (#""incarnation":"short""#, "/incarnation"),
        (#""incarnation":"with spaces in it""#, "/incarnation"), (#""secret":"too short""#, "/secret"), (#""slots":0"#, "/slots"),
        (#""slots":1001"#, "/slots"), (#""slots":99999999999999999999"#, "/slots"), (#""slots":"2""#, "/slots"),
        (#""version":"\u0007""#, "/version"), (#""labels":{"":"x"}"#, "/labels"), (#""labels":{"os":1}"#, "/labels/os"),
        (#""labels":{"os":"a\nb"}"#, "/labels"), (#""labels":[]"#, "/labels"), (#""colour":1"#, "/colour"),
    ]

    @Test("A wrong field is named")
    func wrongField() async throws {
        try await DispatchRig.with { rig in
            for (field, pointer) in Self.wrongFields {
                let name = try #require(field.dropFirst().split(separator: "\"").first)
                let fields = [
                    #""protocol":1"#, #""worker":"w1""#, #""incarnation":"incarnation-1""#, #""secret":"\#(DispatchRig.secret)""#, #""version":"1""#,
                    #""labels":{}"#, #""slots":2"#,
                ]
                let body = "{" + (fields.filter { !$0.hasPrefix("\"\(name)\"") } + [field]).joined(separator: ",") + "}"
                let response = try await rig.call(.post, "sessions", secret: nil, body: ByteBuffer(string: body))
                #expect(response.status == .unprocessableContent)
                #expect(try DispatchRig.problem(response).errors?.map(\.pointer) == [pointer], "\(field)")
                #expect(try await rig.store.openSessions().isEmpty)
            }
        }
    }

    @Test(
        "A worker of another protocol version is told which one is spoken here, whatever else it says",
        arguments: [#"{"protocol":2,"fields":"of the future"}"#, #"{"protocol":0}"#])
    func otherVersion(body: String) async throws {
        try await DispatchRig.with { rig in
            let problem = try DispatchRig.problem(try await rig.call(.post, "sessions", secret: nil, body: ByteBuffer(string: body)))
            #expect(problem.status == 422)
            #expect(problem.type == "urn:doorbell:problem:unsupported_protocol")
            #expect(problem.errors?.map(\.pointer) == ["/protocol"])
        }
    }

    /// Every call that belongs to a session.
    private func calls(_ rig: DispatchRig, _ session: SessionID, secret: String?) async throws -> [Int] {
        var headers = DispatchRig.json
        headers[.contentRange] = "bytes 0-0/*"
        for (name, value) in [("Doorbell-Session", "\(session)"), ("Doorbell-Fence", "1"), ("Doorbell-Step", "1")] {
            headers[try #require(.init(name))] = value
        }
        return [
            try await rig.call(
                .post, "sessions/\(session)/claim", secret: secret, body: ByteBuffer(string: #"{"free":0,"holding":[],"wait_ms":0}"#)
            ).status.code,
            try await rig.call(.post, "sessions/\(session)/reports", secret: secret, body: ByteBuffer(string: #"{"reports":[]}"#)).status.code,
            try await rig.call(.patch, "builds/1/logs/1-unit", secret: secret, headers, body: ByteBuffer(string: "x")).status.code,
            try await rig.call(.delete, "sessions/\(session)", secret: secret).status.code,
        ]
    }

    @Test(
        "Each call needs the session's secret", arguments: [nil, "", "wrong", String(repeating: "x", count: 32), String(repeating: "s", count: 5000)])
    func wrongSecret(secret: String?) async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            #expect(try await calls(rig, worker.session, secret: secret) == [401, 401, 401, 401])
            #expect(try await rig.store.openSessions().count == 1)
        }
    }

    @Test("A session that is not open is gone, and saying goodbye to it is no error")
    func unknownSession() async throws {
        try await DispatchRig.with { rig in
            let statuses = try await calls(rig, SessionID(99), secret: DispatchRig.secret)
            #expect(statuses == [410, 410, 410, 204])
        }
    }

    @Test("Calls with a wrong secret do not keep a lost worker's builds")
    func impostorKeepsNothing() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            for _ in 0..<4 {
                await rig.pass(seconds: 10)
                _ = try await calls(rig, worker.session, secret: String(repeating: "x", count: 32))
            }
            try await rig.until { try await rig.store.openSessions().isEmpty }
            let connected = try await rig.store.workers().map(\.connected)
            #expect(connected == [false])
        }
    }

    @Test("A new incarnation takes over: the old one's wait is ended, its calls are gone, its builds are tried again")
    func takeover() async throws {
        try await DispatchRig.with { rig in
            let old = try await rig.worker()
            let request = try #require(try await rig.force().first)
            let build = try await old.take()
            #expect(try await old.statuses([build.report(.accept)]) == [200])
            let waiting = await old.waitingClaim(1, holding: [build.build])
            let new = try await rig.worker(incarnation: "incarnation-2")
            #expect(try await waiting.value.status == .gone)
            #expect(try await calls(rig, old.session, secret: DispatchRig.secret) == [410, 410, 410, 204])
            let lost = try #require(try await rig.store.build(build.build))
            #expect(lost.outcome == .exception && lost.cause == .lost)
            let again = try await new.take()
            #expect(again.request == request && again.attempt == 2 && again.fence > build.fence)
        }
    }

    @Test("Goodbye gives the builds back at once; saying it again changes nothing")
    func goodbye() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            let request = try #require(try await rig.force().first)
            _ = try await worker.take()
            #expect(try await rig.call(.delete, "sessions/\(worker.session)").status == .noContent)
            #expect(try await rig.store.request(request)?.phase == .pending)
            #expect(try await rig.call(.delete, "sessions/\(worker.session)").status == .noContent)
            #expect(try await worker.claimResponse().status == .gone)
            #expect(try await rig.store.request(request)?.attempts == 1)
        }
    }

    @Test("A dispatcher that never saw a session serves it, and refuses it to others")
    func otherDispatcher() async throws {
        try await DispatchRig.with { rig in
            let worker = try await rig.worker()
            // What a process that was started again would know.
            rig.service.registry.remove(worker.session)
            #expect(try await calls(rig, worker.session, secret: String(repeating: "x", count: 32)) == [401, 401, 401, 401])
            #expect(try await worker.claim().builds.isEmpty)
        }
    }

    @Test("Of two sessions of one worker the younger is kept in mind, in whatever order they are heard of")
    func order() {
        let registry = SessionRegistry()
        func session(_ id: Int64) -> WorkerSession {
            .init(id: SessionID(id), worker: "w1", incarnation: "\(id)", secretHash: "", labels: [:], slots: 1, paused: false)
        }
        registry.add(session(2), now: .now)
        registry.add(session(1), now: .now, unlessNewer: true)
        #expect(registry.sessions.map(\.id) == [SessionID(2)])
        registry.add(session(3), now: .now, unlessNewer: true)
        #expect(registry.sessions.map(\.id) == [SessionID(3)])
    }
}
