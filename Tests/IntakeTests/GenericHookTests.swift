import Crypto
import Domain
import Foundation
import HTTPDoor
import Storage
import Testing

@testable import Intake

/// Calls in whatever form, which a mapping of the configuration reads.
@Suite struct GenericHookTests {
    static func mapping(key: String? = nil) -> ChangeMapping {
        func text(_ text: String) -> [MappedText] { (try? MappedText(text)).map { [$0] } ?? [] }
        var mapping = ChangeMapping(
            texts: [
                .repository: text("{/repo}"), .branch: text("{/ref|strip:refs/heads/}"), .revision: text("{./id}"), .comments: text("{./message}"),
                .author: text("{@header:x-user}"),
            ], files: text("{./files}"), properties: ["call": text("{@id}")].compactMapValues(\.first))
        mapping.each = text("{/commits}").first
        mapping.only = text("{/kind}").map { .init(text: $0, words: ["push"]) }
        if let key { mapping.texts[.key] = text(key) }
        return mapping
    }

    private static let push = """
        {"kind": "push", "repo": "https://git.example.org/r.git", "ref": "refs/heads/main",
         "commits": [{"id": "c1", "message": "First", "files": ["a"]}, {"id": "c2", "message": "Second", "files": ["b"]}]}
        """

    /// A door with one source that proves itself so.
    private func with(_ proof: HookProof?, key: String? = nil, _ test: @Sendable (HookDoor) async throws -> Void) async throws {
        try await HookDoor.with(mend: { hook in
            guard hook.forge == .generic else { return }
            hook.ownProof = proof
            if proof == nil { hook.secret = nil }
            hook.mappings = [Self.mapping(key: key)]
            hook.delivery = "X-Call"
        }) { try await test($0) }
    }

    private func post(_ door: HookDoor, _ headers: [String: String], _ body: String = push) async throws -> TestAnswer {
        let response = try await door.post("generic", headers.merging(["X-User": "ada"]) { $1 }, Data(body.utf8))
        let code = Int(response.status.code)
        return TestAnswer(
            status: code, detail: code < 400 ? nil : try IntakeDoor.problem(response).detail, text: String(buffer: response.body))
    }

    /// What the sender was told.
    private struct TestAnswer {
        var status: Int
        var detail: String?
        var text: String
    }

    @Test("A mapping makes the changes of a call, headers and the call's own name among them, in one transaction")
    func mapped() async throws {
        try await with(HookDoor.token) { door in
            #expect(try await post(door, ["X-Token": HookDoor.secret, "X-Call": "n-1"]).status == 201)
            let changes = try await door.changes()
            #expect(
                changes.map(\.revision) == ["c1", "c2"] && changes.map(\.comments) == ["First", "Second"] && changes.map(\.files) == [["a"], ["b"]])
            #expect(changes.allSatisfy { $0.branch == "main" && $0.author == "ada" && $0.source == "generic" && $0.project == "demo" })
            #expect(changes.allSatisfy { $0.properties == ["call": "n-1"] })
            // What was kept is enough to read it again, and holds no secret.
            let row = try #require(try await door.deliveries().first)
            #expect(row.name == "n-1" && row.judgement == DeliveryJudgement(.accepted, changes: 2))
            let headers = try #require(try await door.store.delivery(row.id)).headers
            #expect(headers["x-user"] == "ada" && headers["x-call"] == "n-1" && headers["x-token"] == nil)
            #expect(try await door.redeliver(row.id).changes.map(\.created) == [false, false])
        }
    }

    @Test(
        "The body is signed with either algorithm, behind the prefix that the sender writes",
        arguments: [(HookProof.Algorithm.sha256, "sha256="), (.sha512, ""), (.sha512, "v1,")])
    func signed(algorithm: HookProof.Algorithm, prefix: String) async throws {
        try await with(.signature(headers: ["X-Signature"], algorithm: algorithm, prefix: prefix)) { door in
            func sign(_ secret: String) -> String {
                let key = SymmetricKey(data: Data(secret.utf8))
                let body = Data(Self.push.utf8)
                return switch algorithm {
                case .sha256: Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: body, using: key))
                case .sha512: Hexadecimal.text(HMAC<SHA512>.authenticationCode(for: body, using: key))
                }
            }
            let right = sign(HookDoor.secret)
            for wrong in [prefix + sign("guess"), right + "00", prefix + right.dropLast(2), "x" + prefix + right, prefix, HookDoor.secret] {
                let refused = try await post(door, ["X-Signature": wrong])
                #expect(refused.status == 401, "\(wrong)")
            }
            #expect(try await post(door, ["X-Token": HookDoor.secret]).status == 401)
            #expect(try await door.changes().isEmpty)
            #expect(try await post(door, ["X-Signature": prefix + right]).status == 201)
            // The header is not signed: a copy of the call under another name is the same call.
            #expect(try await post(door, ["X-Signature": prefix + right, "X-Call": "n-2"]).status == 200)
        }
    }

    @Test("A token stands for the whole call: its name tells it from another with the same content; a wrong one is refused, and never repeated")
    func token() async throws {
        try await with(HookDoor.token) { door in
            let wrong = try await post(door, ["X-Token": "guess"])
            #expect(wrong.status == 401 && !wrong.text.contains(HookDoor.secret) && !wrong.text.contains("guess"))
            #expect(try await post(door, [:]).detail?.hasPrefix("there is no X-Token: give the webhook") == true)
            var statuses: [Int] = []
            for name in ["n-1", "n-1", "n-2"] { statuses.append(try await post(door, ["X-Token": HookDoor.secret, "X-Call": name]).status) }
            // Without a name the content is what counts.
            for _ in 0..<2 { statuses.append(try await post(door, ["X-Token": HookDoor.secret]).status) }
            #expect(statuses == [201, 200, 201, 201, 200])
        }
    }

    @Test("Where the mapping says the key, it alone tells changes apart")
    func key() async throws {
        try await with(HookDoor.token, key: "{./id}") { door in
            let first = try await post(door, ["X-Token": HookDoor.secret, "X-Call": "n-1"])
            #expect(first.status == 201)
            let other = Self.push.replacing("Second", with: "Other")
            #expect(try await post(door, ["X-Token": HookDoor.secret, "X-Call": "n-2"], other).status == 200)
        }
    }

    @Test("A call that tells of one change twice makes it once")
    func twice() async throws {
        try await with(HookDoor.token, key: "{./id}") { door in
            let body = Self.push.replacing("\"c2\"", with: "\"c1\"")
            let answer = try await post(door, ["X-Token": HookDoor.secret], body)
            #expect(answer.status == 201)
            #expect(try await door.changes().map(\.revision) == ["c1"])
        }
    }

    @Test(
        "What no mapping means makes no change, and what makes no sense is refused with the reason",
        arguments: [
            (#"{"kind": "ping"}"#, 200, "no mapping of the source means it"),
            (#"{"kind": "push", "repo": "/r", "ref": "refs/heads/x", "commits": []}"#, 200, "the list that its mapping names is empty"),
            (#"{"kind": "push", "repo": "/r", "ref": "refs/heads/x"}"#, 400, "there is no list at {/commits}"),
            (#"{"kind": "push", "repo": "/r", "ref": "x", "commits": [{"id": "c"}]}"#, 400, "the message has nothing at {/ref|strip:refs/heads/}"),
            (#"{"kind": "push", "repo": "/r", "ref": "refs/heads/x", "commits": [{"id": "-c"}]}"#, 400, "begins with -"),
            ("{", 400, "the body is not JSON in UTF-8"),
        ] as [(String, Int, String)])
    func refused(body: String, status: Int, reason: String) async throws {
        try await with(nil) { door in
            let answer = try await post(door, ["X-Call": "n-1"], body)
            #expect(answer.status == status)
            #expect(answer.text.replacing("\\/", with: "/").contains(reason), "\(answer.text)")
            #expect(try await door.changes().isEmpty)
        }
    }

    @Test("A source that has a secret and no way to prove it believes nobody")
    func unproven() async throws {
        try await HookDoor.with(mend: { if $0.forge == .generic { $0.ownProof = nil } }) { door in
            let answer = try await door.post("generic", ["X-Token": HookDoor.secret], Data(Self.push.utf8))
            #expect(answer.status == .serviceUnavailable)
        }
    }
}
