import Domain
import Foundation
import HTTPTypes
import Storage
import StorageSQLite
import TestSupport
import Testing

@testable import Intake

@Suite(.timeLimit(.minutes(10))) struct JSONLookTests {
    private struct Rig: Sendable {
        let directory = TemporaryDirectory()
        let store: SQLiteStore
        let log = LogRecorder()

        init() async throws { store = try await SQLiteStore.open(directory: directory.file("data")) }

        func start(
            _ url: String, credential: CredentialReference? = nil, header: String = "Authorization", newest: JSONPollConfiguration.Newest = .first,
            timeout: Duration = .seconds(30), key: String? = nil
        ) throws -> SourcePoll {
            func text(_ text: String) throws -> [MappedText] { [try MappedText(text)] }
            var mapping = ChangeMapping(texts: [
                .repository: try text("https://example.org/r.git"), .branch: try text("{./branch}"), .revision: try text("{./id}"),
            ])
            if let key { mapping.texts[.key] = try text(key) }
            mapping.each = try MappedText("{/values}")
            let source = JSONPollConfiguration(
                name: "list", url: url, timeout: timeout, credential: credential, header: header, newest: newest, mappings: [mapping])
            let look = JSONLook(source: source, ties: SourceTies(project: "demo"), store: store, logger: log.logger)
            return SourcePoll(source: .json(source), ties: SourceTies(project: "demo"), look: look, store: store, logger: log.logger)
        }

        func revisions() async throws -> [String] {
            try await store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 5000)).map(\.content.revision)
        }
    }

    /// Newest first, as most lists are.
    private static func list(_ items: String...) -> String {
        let items = items.map { item in
            let words = item.split(separator: "@")
            return #"{"id": "\#(words[0])", "branch": "\#(words.count > 1 ? words[1] : "main")"}"#
        }
        return #"{"values": [\#(items.joined(separator: ", "))]}"#
    }

    @Test("The first look takes the newest of each branch and nothing of its past; then each new item is a change, oldest first, and none twice")
    func baseline() async throws {
        try await JSONServer.with { server in
            let rig = try await Rig()
            server.answer(Self.list("3", "2@next", "2", "1@next", "1"))
            let poll = try rig.start(server.url + "/commits?page=1")
            #expect(await poll.run().accepted == 2)
            #expect(try await rig.revisions() == ["2", "3"])
            #expect(await poll.run().accepted == 0)
            server.answer(Self.list("5", "4", "3", "2@next", "2"))
            #expect(await poll.run().accepted == 2)
            // A process that starts anew goes on where the position is.
            server.answer(Self.list("6", "5", "4", "1", "2@next"))
            #expect(try await rig.start(server.url + "/commits?page=1").run().accepted == 1)
            #expect(try await rig.revisions() == ["2", "3", "4", "5", "6"])
            #expect(try await rig.store.sourceState("list").health?.healthy == true)
        }
    }

    @Test("A list that was empty at the first look: all that comes is new")
    func empty() async throws {
        try await JSONServer.with { server in
            let rig = try await Rig()
            server.answer(Self.list())
            let poll = try rig.start(server.url, newest: .last)
            #expect(await poll.run().accepted == 0)
            server.answer(Self.list("1", "2"))
            #expect(await poll.run().accepted == 2)
            #expect(try await rig.revisions() == ["1", "2"])
        }
    }

    @Test("What a key tells apart are changes of their own, also of one revision")
    func keys() async throws {
        try await JSONServer.with { server in
            let rig = try await Rig()
            let poll = try rig.start(server.url, key: "{./push}")
            server.answer(#"{"values": []}"#)
            _ = await poll.run()
            server.answer(
                #"{"values": [{"id": "A", "branch": "m", "push": 3}, {"id": "B", "branch": "m", "push": 2}, {"id": "A", "branch": "m", "push": 1}]}"#)
            #expect(await poll.run().accepted == 3)
            #expect(try await rig.revisions() == ["A", "B", "A"])
        }
    }

    @Test("What was read is not sent again while it is the same, and its validators outlive the process")
    func validators() async throws {
        try await JSONServer.with { server in
            let rig = try await Rig()
            let document = Self.list("1")
            server.answer { request in
                request.headers[.ifNoneMatch] == "\"v1\"" && request.headers[.ifModifiedSince] == "Mon, 01 Jan 2026 00:00:00 GMT"
                    ? .init(status: .notModified)
                    : .init(headers: [.eTag: "\"v1\"", .lastModified: "Mon, 01 Jan 2026 00:00:00 GMT"], body: document)
            }
            #expect(try await rig.start(server.url).run().accepted == 1)
            let again = try await rig.start(server.url).run()
            #expect(again.accepted == 0 && again.problem == nil)
            #expect(server.asked.map { $0[.ifNoneMatch] } == [nil, "\"v1\""])
            // Read otherwise, the same document may say something else.
            #expect(try await rig.start(server.url, key: "{./id}").run().problem == nil)
            #expect(server.asked.last?[.ifNoneMatch] == nil)
        }
    }

    @Test("The secret goes to the configured origin only: not to where that leads, and into no message", arguments: ["Authorization", "X-Token"])
    func redirects(header: String) async throws {
        let name = try #require(HTTPField.Name(header))
        try await JSONServer.with { home in
            try await JSONServer.with { other in
                let rig = try await Rig()
                let file = rig.directory.file("token")
                try "Bearer s3cret\nmore\n".write(toFile: file, atomically: true, encoding: .utf8)
                other.answer(Self.list("1"))
                home.answer { request in
                    request.uri.path == "/moved"
                        ? .init(status: .found, headers: [.location: other.url + "/list"]) : .init(status: .found, headers: [.location: "/moved"])
                }
                let poll = try rig.start(home.url + "/list?key=hidden", credential: .file(file), header: header)
                #expect(await poll.run().accepted == 1)
                #expect(home.asked.map { $0[name] } == ["Bearer s3cret", "Bearer s3cret"])
                #expect(other.asked.map { $0[name] } == [nil])
                home.answer { _ in .init(status: .unauthorized) }
                let problem = try #require(await poll.run().problem)
                #expect(problem.contains("answers 401") && !problem.contains("s3cret") && !problem.contains("hidden"))
                try FileManager.default.removeItem(atPath: file)
                #expect(await poll.run().problem?.contains("the credential of this source is not here") == true)
                #expect(home.asked.count == 3)
                #expect(!rig.log.lines.value.contains { "\($0)".contains("s3cret") || "\($0)".contains("hidden") })
            }
        }
    }

    @Test("A server that leads in circles, says too much, says nothing, or makes no sense costs a message")
    func hostile() async throws {
        try await JSONServer.with { server in
            let rig = try await Rig()
            let poll = try rig.start(server.url)
            server.answer { _ in .init(status: .found, headers: [.location: "/"]) }
            #expect(await poll.run().problem?.contains("leads on more than 5 times") == true)
            server.answer { _ in .init(status: .found, headers: [.location: "file:///etc/passwd"]) }
            #expect(await poll.run().problem?.contains("neither of https nor of http") == true)
            server.answer(String(repeating: " ", count: JSONFetch.largest + 1))
            #expect(await poll.run().problem?.contains("more than \(JSONFetch.largest) bytes") == true)
            server.answer("<html>")
            #expect(await poll.run().problem?.contains("not JSON") == true)
            server.answer(#"{"values": 1}"#)
            #expect(await poll.run().problem?.contains("there is no list at {/values}") == true)
            server.answer { _ in .init(body: #"{"values": ["#, hangs: true) }
            #expect(try await rig.start(server.url, timeout: .milliseconds(1500)).run().problem?.contains("no answer within") == true)
            #expect(try await rig.revisions().isEmpty)
            #expect(try await rig.store.sourceState("list").health?.healthy == false)
        }
    }

    @Test("An item that makes no sense holds up no other, and is taken when it does")
    func badItem() async throws {
        try await JSONServer.with { server in
            let rig = try await Rig()
            let poll = try rig.start(server.url)
            server.answer(Self.list("1"), [.eTag: "\"v1\""])
            _ = await poll.run()
            server.answer(#"{"values": [{"id": "3", "branch": "main"}, {"id": "2"}, {"id": "1", "branch": "main"}]}"#, [.eTag: "\"v2\""])
            let outcome = await poll.run()
            #expect(outcome.accepted == 1 && outcome.problem == nil)
            #expect(outcome.complaint?.hasPrefix("item 2 of 3: \"branch\"") == true)
            #expect(try await rig.store.sourceState("list").health?.healthy == false)
            server.answer(Self.list("3", "2", "1"), [.eTag: "\"v2\""])
            #expect(await poll.run().accepted == 1)
            #expect(server.asked.last?[.ifNoneMatch] == nil)
            #expect(try await rig.revisions() == ["1", "3", "2"])
            #expect(try await rig.store.sourceState("list").health?.healthy == true)
        }
    }

    @Test("A mapping that makes other keys of the same items begins anew, and is no flood")
    func otherKeys() async throws {
        try await JSONServer.with { server in
            let rig = try await Rig()
            server.answer(Self.list("4", "3", "2", "1"))
            _ = try await rig.start(server.url).run()
            #expect(try await rig.start(server.url, key: "new {./id}").run().accepted == 1)
            #expect(try await rig.revisions() == ["4", "4"])
        }
    }
}
