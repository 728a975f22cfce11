import Domain
import HTTPDoor
import HummingbirdTesting
import NIOCore
import Storage
import StoreConformance
import Testing
import Wire

@testable import BuildDispatch

/// Workers where tokens are asked for.
@Suite struct AccessTests {
    private static func token(_ rig: DispatchRig, _ role: AccessRole = .worker, workers: String? = "w*") async throws -> String {
        let token = try await rig.store.makeToken(
            TokenGrant(name: "lab", role: role, workers: role == .worker ? workers : nil), by: .everyone
        ).token
        try await rig.access.refresh()
        return token
    }

    @Test("A worker opens a session with a token for its name, and with no other")
    func names() async throws {
        try await DispatchRig.with(access: .tokens(anonymousReads: true)) { rig in
            let token = try await Self.token(rig)
            let nobody = try await rig.open("w1")
            #expect(nobody.status == .unauthorized && nobody.headers[.wwwAuthenticate] == "Bearer")
            let other = try await rig.open("mill", token: token)
            #expect(other.status == .forbidden)
            let admin = try await rig.open("w1", token: try await Self.token(rig, .admin))
            #expect(admin.status == .forbidden)
            let opened = try await rig.open("w1", token: token)
            #expect(opened.status == .created)
            let session = try DispatchRig.decode(SessionDocument.self, opened).session
            let kept = try await rig.store.session(session)
            #expect(kept?.token == TokenText(token)?.id)
        }
    }

    @Test("The secret of a session does what its worker does, and the token does not")
    func secrets() async throws {
        try await DispatchRig.with(access: .tokens(anonymousReads: false)) { rig in
            let token = try await Self.token(rig)
            let opened = try await rig.open("w1", token: token)
            let session = try DispatchRig.decode(SessionDocument.self, opened).session
            let body = #"{"free": 1, "holding": [], "wait_ms": 0}"#
            let byToken = try await rig.call(.post, "sessions/\(session)/claim", secret: token, body: ByteBuffer(string: body))
            #expect(byToken.status == .unauthorized)
            let bySecret = try await rig.call(.post, "sessions/\(session)/claim", body: ByteBuffer(string: body))
            #expect(bySecret.status == .ok)
        }
    }

    @Test("With its token a worker's session ends, and one that showed none is not known where tokens are asked for")
    func revocation() async throws {
        try await DispatchRig.with(access: .tokens(anonymousReads: false)) { rig in
            let token = try await Self.token(rig)
            let opened = try await rig.open("w1", token: token)
            let session = try DispatchRig.decode(SessionDocument.self, opened).session
            let body = ByteBuffer(string: #"{"free": 1, "holding": [], "wait_ms": 0}"#)
            let before = try await rig.call(.post, "sessions/\(session)/claim", body: body)
            #expect(before.status == .ok)
            _ = try await rig.store.revokeToken(try #require(TokenText(token)).id, audit: nil)
            try await rig.access.refresh()
            let after = try await rig.call(.post, "sessions/\(session)/claim", body: body)
            #expect(after.status == .gone)
            let again = try await rig.open("w1", incarnation: "incarnation-2", token: token)
            #expect(again.status == .unauthorized)
            let silent = try await rig.store.openSession(
                SessionOpening(
                    worker: "w2", incarnation: "incarnation-9", secretHash: DispatchService.hash(ofSecret: DispatchRig.secret), labels: [:], slots: 1,
                    version: "1"))
            let unknown = try await rig.call(.post, "sessions/\(silent.session.id)/claim", body: body)
            #expect(unknown.status == .gone)
        }
    }

    @Test("A dispatcher that knows no tokens yet asks before it says that a session is over, and where nobody can say, it says that")
    func beforeTheFirstRead() async throws {
        try await DispatchRig.with(access: .tokens(anonymousReads: false)) { rig in
            // What another dispatcher let in, before this one ever read a token.
            let made = try await rig.store.makeToken(TokenGrant(name: "lab", role: .worker, workers: "w*"), by: .everyone)
            let opened = try await rig.store.openSession(
                SessionOpening(
                    worker: "w1", incarnation: "incarnation-1", secretHash: DispatchService.hash(ofSecret: DispatchRig.secret), labels: [:], slots: 1,
                    version: "1", token: made.row.id))
            let body = ByteBuffer(string: #"{"free": 1, "holding": [], "wait_ms": 0}"#)
            let claimed = try await rig.call(.post, "sessions/\(opened.session.id)/claim", body: body)
            #expect(claimed.status == .ok)
        }
    }

    @Test("A worker that shows another token for its session goes on by that one, with its builds")
    func anotherToken() async throws {
        try await DispatchRig.with(access: .tokens(anonymousReads: false)) { rig in
            let (first, second) = (try await Self.token(rig), try await Self.token(rig))
            let opened = try await rig.open("w1", token: first)
            let session = try DispatchRig.decode(SessionDocument.self, opened).session
            let again = try await rig.open("w1", token: second)
            #expect(again.status == .ok)
            #expect(try DispatchRig.decode(SessionDocument.self, again).session == session)
            _ = try await rig.store.revokeToken(try #require(TokenText(first)).id, audit: nil)
            try await rig.access.refresh()
            let claimed = try await rig.call(
                .post, "sessions/\(session)/claim", body: ByteBuffer(string: #"{"free": 1, "holding": [], "wait_ms": 0}"#))
            #expect(claimed.status == .ok)
            let kept = try await rig.store.session(session)
            #expect(kept?.token == TokenText(second)?.id)
        }
    }
}
