import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Testing
import Wire

@testable import Intake

/// What strangers can make the public route hold.
@Suite struct HookReaderTests {
    /// Tells whether anybody asked for it.
    private struct Watched: AsyncSequence, AsyncIteratorProtocol, Sendable {
        final class Flag: Sendable { let wasRead = Mutex(false) }
        let flag = Flag()

        func makeAsyncIterator() -> Self { self }
        mutating func next() async -> ByteBuffer? {
            flag.wasRead.withLock { $0 = true }
            return nil
        }
    }

    private static let body = Data(repeating: UInt8(ascii: " "), count: 30)
    private static let signature = HookSignature(
        proof: .signature(headers: ["X-Hub-Signature-256"], algorithm: .sha256, prefix: "sha256="), secrets: [HookDoor.secret])
    private static let signed = ["x-hub-signature-256": "sha256=" + HookDoor.sign(body, HookDoor.secret)]

    private static func request(_ body: RequestBody = RequestBody(buffer: ByteBuffer(bytes: body)), declared: Int? = nil) -> Request {
        var head = HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/hooks/github")
        if let declared { head.headerFields[.contentLength] = "\(declared)" }
        return Request(head: head, body: body)
    }

    @Test(
        "A call whose headers prove nothing is refused before any of its body is read",
        arguments: [
            (.github, [:]), (.github, ["x-hub-signature-256": "sha256=00"]), (.gitea, ["x-hub-signature-256": "sha256=00"]), (.gitlab, [:]),
            (.gitlab, ["x-gitlab-token": "guess"]), (.bitbucket, [:]), (.bitbucketServer, ["x-hub-signature": "sha1=00"]),
        ] as [(HookConfiguration.Forge, [String: String])])
    func headersFirst(forge: HookConfiguration.Forge, headers: [String: String]) async throws {
        let watched = Watched()
        await #expect(throws: HookRefusal.self) {
            let signature = HookSignature(proof: try #require(forge.proof), secrets: [HookDoor.secret])
            _ = try await HookReader().read(Self.request(RequestBody(asyncSequence: watched)), source: "s", headers: headers, signature: signature)
        }
        #expect(!watched.flag.wasRead.withLock { $0 })
        _ = try await HookReader().read(Self.request(RequestBody(asyncSequence: watched)), source: "s", headers: headers, signature: nil)
        #expect(watched.flag.wasRead.withLock { $0 })
    }

    @Test(
        "All calls together hold so much before they are believed, and the next is to come later; what was read, refused or too large is given back")
    func bounded() async throws {
        let unproven = UnprovenBytes(most: 200)
        let reader = HookReader(mostBytes: 40, unproven: unproven)
        #expect(unproven.take(71, of: "s"))
        await #expect(throws: Problem.self) { try await reader.read(Self.request(), source: "s", headers: Self.signed, signature: Self.signature) }
        unproven.give(1, of: "s")
        let delivery = try await reader.read(Self.request(), source: "s", headers: Self.signed, signature: Self.signature)
        #expect(delivery.body == Self.body)
        let wrong = ["x-hub-signature-256": "sha256=" + HookDoor.sign(Self.body, "guess")]
        await #expect(throws: HookRefusal.self) { try await reader.read(Self.request(), source: "s", headers: wrong, signature: Self.signature) }
        let (parts, source) = AsyncStream.makeStream(of: ByteBuffer.self)
        for _ in 0..<2 { source.yield(ByteBuffer(bytes: Self.body)) }
        source.finish()
        let large = try await #require(throws: Problem.self) {
            try await reader.read(Self.request(RequestBody(asyncSequence: parts)), source: "s", headers: [:], signature: nil)
        }
        #expect(large.status == 413)
        unproven.give(70, of: "s")
        #expect(unproven.take(100, of: "s") && !unproven.take(1, of: "s"))
    }

    @Test("Whoever floods some sources leaves room for every other, and what was given back is there again")
    func fair() async throws {
        let unproven = UnprovenBytes(most: 120)
        while unproven.take(1, of: "flooded") {}
        while unproven.take(1, of: "another") {}
        let reader = HookReader(mostBytes: 40, unproven: unproven)
        for source in ["flooded", "another"] {
            await #expect(throws: Problem.self) { try await reader.read(Self.request(), source: source, headers: [:], signature: nil) }
        }
        #expect(unproven.take(15, of: "third") && unproven.take(7, of: "fourth"))
        unproven.give(30, of: "flooded")
        let small = Self.request(RequestBody(buffer: ByteBuffer(string: "0123456789")))
        #expect(try await reader.read(small, source: "fifth", headers: [:], signature: nil).body.count == 10)
    }

    @Test("Room that is not there is 503; a body that declares to be too large is refused unread")
    func answers() async throws {
        let full = HookReader(unproven: UnprovenBytes(most: 59))
        let busy = try await #require(throws: Problem.self) { try await full.read(Self.request(), source: "s", headers: [:], signature: nil) }
        #expect(busy.status == 503)
        let watched = Watched()
        let large = try await #require(throws: Problem.self) {
            try await HookReader(mostBytes: 40).read(
                Self.request(RequestBody(asyncSequence: watched), declared: 41), source: "s", headers: [:], signature: nil)
        }
        #expect(large.status == 413 && !watched.flag.wasRead.withLock { $0 })
    }

    @Test("A call that never ends is let go, and what it held is given back", .timeLimit(.minutes(1)))
    func endless() async throws {
        let unproven = UnprovenBytes(most: 200)
        let (parts, source) = AsyncStream.makeStream(of: ByteBuffer.self)
        source.yield(ByteBuffer(bytes: Self.body))
        let ended = try await #require(throws: Problem.self) {
            let reader = HookReader(unproven: unproven, patience: .milliseconds(50))
            _ = try await reader.read(Self.request(RequestBody(asyncSequence: parts)), source: "s", headers: [:], signature: nil)
        }
        #expect(ended.status == 503 && unproven.take(100, of: "s"))
        source.finish()
    }
}
