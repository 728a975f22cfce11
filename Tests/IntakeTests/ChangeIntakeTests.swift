import Domain
import Foundation
import HTTPTypes
import NIOCore
import Storage
import Testing

@testable import Intake

@Suite struct ChangeIntakeTests {
    @Test("A new change is 201, in the store before the answer, and rung for")
    func created() async throws {
        try await IntakeDoor.with { door in
            let response = try await door.submit(
                #""source":"hook","author":"Ada","comments":"c","files":["f"],"category":"x","when":"2026-01-31T12:00:00Z","properties":{"n":1},"dedupe_key":"k""#
            )
            #expect(response.status == .created)
            let accepted = try IntakeDoor.accepted(response)
            let number = try #require(accepted.id)
            #expect(response.headers[.location] == "/api/v1/changes/\(number)")
            #expect(accepted.source == "hook" && accepted.dedupeKey == "k" && accepted.protected)
            let change = try #require(try await door.store.change(number))
            #expect(change.chain == accepted.chain)
            let content = change.content
            #expect(content.author == "Ada" && content.comments == "c" && content.files == ["f"] && content.category == "x")
            #expect(content.when == Timestamp("2026-01-31T12:00:00Z"))
            #expect(content.properties == ["n": 1])
            await door.rings.wait { $0 > 0 }
        }
    }

    @Test("The same source and key again is 200 with the first answer, whatever else was sent; another source is another change")
    func repeats() async throws {
        try await IntakeDoor.with { door in
            let first = try await door.submit(#""dedupe_key":"k""#)
            let again = try await door.submit(#""dedupe_key":"k","comments":"other words""#)
            #expect(first.status == .created && again.status == .ok)
            #expect(try IntakeDoor.accepted(first) == IntakeDoor.accepted(again))
            #expect(try await door.submit(#""dedupe_key":"k","source":"other""#).status == .created)
            let changes = try await door.changes()
            #expect(changes.map(\.content.source) == ["api", "other"])
            #expect(changes.first?.content.comments == "")
        }
    }

    @Test("Of many that submit one change at once, one is told that it is new, and all get the same answer")
    func concurrentRepeats() async throws {
        try await IntakeDoor.with { door in
            let answers = try await withThrowingTaskGroup(of: (Int, ChangeID).self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let response = try await door.submit(#""dedupe_key":"k""#)
                        return (response.status.code, try #require(IntakeDoor.accepted(response).id))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.0 == 201 } == 1)
            #expect(answers.count { $0.0 == 200 } == 49)
            #expect(Set(answers.map(\.1)).count == 1)
            #expect(try await door.changes().count == 1)
        }
    }

    @Test("Without a key the server makes one, and says that repeats are not recognised; an Idempotency-Key is one")
    func unprotected() async throws {
        try await IntakeDoor.with { door in
            let first = try IntakeDoor.accepted(try await door.submit())
            let second = try IntakeDoor.accepted(try await door.submit())
            #expect(!first.protected && !second.protected)
            #expect(first.id != second.id && first.dedupeKey != second.dedupeKey)
            var headers = IntakeDoor.json
            headers[try #require(HTTPField.Name("Idempotency-Key"))] = "delivery-7"
            let third = try await door.submit("", headers)
            #expect(try IntakeDoor.accepted(third).protected)
            #expect(try await door.submit("", headers).status == .ok)
            #expect(try await door.submit(#""dedupe_key":"delivery-7""#).status == .ok)
        }
    }

    private static let wrongFields = [
        (#""branch":null"#, "/branch"), (#""branch":7"#, "/branch"), (#""branch":"""#, "/branch"), (#""branch":"a\u0000b""#, "/branch"),
        (#""branch":"a\nb""#, "/branch"), (#""branch":"--upload-pack=x""#, "/branch"), (#""revision":"-1""#, "/revision"),
        (#""revision":"a b""#, "/revision"), (#""repository":"ext::sh -c id""#, "/repository"), (#""repository":"--exec=id""#, "/repository"),
        (#""repository":"https://me:secret@example.org/a""#, "/repository"), (#""project":[]"#, "/project"), (#""source":"""#, "/source"),
        (#""author":{}"#, "/author"), (#""author":"a\u0000""#, "/author"), (#""comments":1"#, "/comments"),
        (#""comments":"\u0000""#, "/comments"), (#""files":"f""#, "/files"), (#""files":["f",""]"#, "/files/1"), (#""files":[1]"#, "/files/0"),
        (#""files":["a\u0000"]"#, "/files/0"), (#""when":"noon""#, "/when"), (#""when":1769860800"#, "/when"),
        (#""when":"9999-12-31T23:59:59-23:59""#, "/when"), (#""properties":[]"#, "/properties"), (#""properties":{"a b":1}"#, "/properties"),
        (#""properties":{"n":"a\u0000b"}"#, "/properties/n"), (#""properties":{"n":[{"x":"\u0000"}]}"#, "/properties/n"),
        (#""properties":{"n":\#(String(repeating: "[", count: 100))\#(String(repeating: "]", count: 100))}"#, "/properties/n"),
        (#""dedupe_key":"""#, "/dedupe_key"), (#""dedupe_key":7"#, "/dedupe_key"), (#""category":"a\u0007""#, "/category"),
        (#""tilte":1"#, "/tilte"),
    ]

    @Test("A field that is wrong is named, and nothing is kept")
    func wrongField() async throws {
        try await IntakeDoor.with { door in
            for (field, pointer) in Self.wrongFields {
                let name = try #require(field.dropFirst().split(separator: "\"").first)
                let rest = IntakeDoor.minimum.split(separator: ",").filter { !$0.hasPrefix("\"\(name)\"") }.joined(separator: ",")
                let response = try await door.post("{\(rest),\(field)}")
                #expect(response.status == .unprocessableContent)
                #expect(try IntakeDoor.problem(response).errors?.map(\.pointer) == [pointer], "\(field)")
                #expect(try await door.changes().isEmpty)
            }
        }
    }

    @Test(
        "A text longer than its bound is refused by name",
        arguments: [
            ("project", 200), ("source", 200), ("repository", 2000), ("branch", 400), ("revision", 200), ("author", 1000), ("category", 200),
            ("comments", 256 << 10), ("dedupe_key", 500),
        ])
    func bounds(name: String, limit: Int) async throws {
        try await IntakeDoor.with { door in
            for (length, status) in [(limit, 201), (limit + 1, 422)] {
                let rest = IntakeDoor.minimum.split(separator: ",").filter { !$0.hasPrefix("\"\(name)\"") }.joined(separator: ",")
                let response = try await door.post("{\(rest),\"\(name)\":\"\(String(repeating: "x", count: length))\"}")
                #expect(response.status.code == status)
                if status == 422 { #expect(try IntakeDoor.problem(response).errors?.map(\.pointer) == ["/\(name)"]) }
            }
        }
    }

    @Test("All that is wrong is told at once")
    func severalProblems() async throws {
        try await IntakeDoor.with { door in
            let response = try await door.post(#"{"project":"","repository":"-","branch":"","revision":"a b"}"#)
            #expect(try IntakeDoor.problem(response).errors?.map(\.pointer) == ["/project", "/repository", "/branch", "/revision"])
        }
    }

    @Test("A missing field is named", arguments: ["project", "repository", "branch", "revision"])
    func missing(name: String) async throws {
        try await IntakeDoor.with { door in
            let rest = IntakeDoor.minimum.split(separator: ",").filter { !$0.hasPrefix("\"\(name)\"") }.joined(separator: ",")
            let problem = try IntakeDoor.problem(try await door.post("{\(rest)}"))
            #expect(problem.errors?.map(\.pointer) == ["/\(name)"])
        }
    }

    @Test("A body of 10 MB, one that is not UTF-8 and one that is not JSON are refused, and the next one is taken")
    func badBodies() async throws {
        try await IntakeDoor.with { door in
            let large = try await door.submit(#""comments":"\#(String(repeating: "x", count: 10_000_000))""#)
            #expect(large.status == .contentTooLarge)
            let invalid = Array("{\(IntakeDoor.minimum),\"author\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
            #expect(try await door.post(ByteBuffer(bytes: invalid)).status == .badRequest)
            #expect(try await door.post("[").status == .badRequest)
            #expect(try await door.post("").status == .badRequest)
            #expect(try await door.submit("", [.contentType: "text/html"]).status == .unsupportedMediaType)
            #expect(try await door.changes().isEmpty)
            #expect(try await door.submit().status == .created)
        }
    }

    @Test("Many files with any names are kept as they are")
    func files() async throws {
        try await IntakeDoor.with { door in
            let files = (0..<10_000).map { "verzeichnis/größe-\($0)-🔔 \n.swift" } + ["-rf", "../../etc/passwd", "a\\b"]
            let list = String(decoding: try JSONEncoder().encode(files), as: UTF8.self)
            let response = try await door.submit(#""files":\#(list)"#)
            #expect(response.status == .created)
            let id = try #require(IntakeDoor.accepted(response).id)
            #expect(try await door.store.change(id)?.content.files == files)
        }
    }

    @Test("A bad change among good ones spoils none of them")
    func neighbours() async throws {
        try await IntakeDoor.with { door in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        try await door.submit(number.isMultiple(of: 3) ? #""files":[""]"# : #""dedupe_key":"k\#(number)""#).status.code
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [201: 40, 422: 20])
            #expect(try await door.changes().count == 40)
        }
    }

    @Test("With the store away nothing is accepted: 503, when to come back, and no word of where the database is")
    func unavailable() async throws {
        try await IntakeDoor.with(AwayStore()) { door in
            let response = try await door.submit(#""dedupe_key":"k""#)
            #expect(response.status == .serviceUnavailable)
            #expect(response.headers[.retryAfter] == "1")
            #expect(try IntakeDoor.problem(response).detail?.contains("/srv") == false)
            #expect(door.rings.value == 0)
        }
    }
}
