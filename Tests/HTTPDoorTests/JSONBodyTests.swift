import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import Wire

@testable import HTTPDoor

@Suite struct JSONBodyTests {
    private func post(_ body: String, _ headers: HTTPFields = Door.json) async throws -> TestResponse {
        try await post(ByteBuffer(string: body), headers)
    }

    private func post(_ body: ByteBuffer, _ headers: HTTPFields = Door.json) async throws -> TestResponse {
        let box = Box<TestResponse>()
        try await Door.with { client in
            box.set(try await client.executeRequest(uri: "/notes", method: .post, headers: headers, body: body))
        }
        return try #require(box.value)
    }

    @Test("A good document is taken")
    func good() async throws {
        let response = try await post(#"{"title":"a","count":2,"parts":[{"size":1}]}"#)
        #expect(response.status == .created)
        #expect(try JSONDecoder().decode(Door.Note.self, from: Data(buffer: response.body)).parts == [.init(size: 1)])
    }

    @Test(
        "A wrong field is named, with what was expected",
        arguments: [
            (#"{"count":2}"#, "/title", "is missing"),
            (#"{"title":7}"#, "/title", "expected a text"),
            (#"{"title":null}"#, "/title", "expected a text, found null"),
            (#"{"title":"a","count":"2"}"#, "/count", "expected a whole number"),
            (#"{"title":"a","count":1.5}"#, "/count", "expected a whole number that 64 bits hold"),
            (#"{"title":"a","count":99999999999999999999}"#, "/count", "expected a whole number that 64 bits hold"),
            (#"{"title":"a","parts":[{"size":1},{"size":-0.1}]}"#, "/parts/1/size", "expected a whole number that 64 bits hold"),
            (#"{"title":"a","parts":{}}"#, "/parts", "expected a list"),
            (#"{"title":"a","parts":[{"size":1},{"size":true}]}"#, "/parts/1/size", "expected a whole number"),
            (#"{"title":"a","parts":[{}]}"#, "/parts/0/size", "is missing"),
            (#"{"title":"a","when":"noon"}"#, "/when", "expected a time such as 2026-01-31T12:00:00Z"),
            (#"[]"#, "", "expected an object"),
        ])
    func wrongField(body: String, pointer: String, detail: String) async throws {
        let response = try await post(body)
        #expect(response.status == .unprocessableContent)
        let problem = try Door.problem(response)
        #expect(problem.type == "urn:doorbell:problem:invalid_field")
        #expect(problem.errors?.first?.pointer == pointer)
        #expect(problem.errors?.first?.detail == detail)
    }

    @Test("Unknown fields are refused by name, not ignored")
    func unknownField() async throws {
        let problem = try Door.problem(try await post(#"{"title":"a","tilte":"b","a/b":1}"#))
        #expect(problem.status == 422)
        #expect(problem.errors?.map(\.pointer) == ["/a~1b", "/tilte"])
        #expect(problem.errors?.last?.detail == "unknown field; known are count, parts, title, when")
    }

    @Test("What is not JSON in UTF-8 is 400", arguments: [Array(#"{"title":"#.utf8), [], Array(#"{"title":"\#u{0}"}"#.utf8), [0x7B, 0xFF, 0x7D]])
    func notJSON(bytes: [UInt8]) async throws {
        let problem = try Door.problem(try await post(ByteBuffer(bytes: bytes)))
        #expect(problem.status == 400)
        #expect(problem.type == "urn:doorbell:problem:invalid_json")
    }

    @Test("Text that is not UTF-8 inside a field is refused")
    func invalidUTF8() async throws {
        let bytes = Array(#"{"title":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        let response = try await post(ByteBuffer(bytes: bytes))
        #expect(response.status == .badRequest)
    }

    @Test("A document nested without end is refused")
    func nesting() async throws {
        let depth = 900
        let response = try await post(#"{"title":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}")
        #expect(response.status.code >= 400 && response.status.code < 500)
    }

    @Test("A body above the limit is 413 and names the limit")
    func tooLarge() async throws {
        let problem = try Door.problem(try await post(#"{"title":""# + String(repeating: "x", count: 10_000_000) + #""}"#))
        #expect(problem.status == 413)
        #expect(problem.detail == "at most 2000 bytes are taken here")
    }

    @Test("A body that declares to be too large is refused before it is read, and one that declares nothing when it is", arguments: [true, false])
    func boundedReading(declared: Bool) async throws {
        let read = Box<Int>()
        let chunks = AsyncStream<ByteBuffer> { [counter = Counter()] in
            let count = counter.next()
            read.set(count)
            return count <= 1000 ? ByteBuffer(repeating: 0x20, count: 1000) : nil
        }
        let request = Request(
            head: HTTPRequest(
                method: .post, scheme: "http", authority: "localhost", path: "/", headerFields: declared ? [.contentLength: "1000000"] : [:]),
            body: RequestBody(asyncSequence: chunks))
        let problem = await #expect(throws: Problem.self) { try await request.bytes(limit: 2500) }
        #expect(problem?.status == 413)
        #expect((read.value ?? 0) <= (declared ? 0 : 3))
    }

    @Test("A body of another type is 415", arguments: ["application/xml", "application/jsonx", nil])
    func wrongType(type: String?) async throws {
        let response = try await post(#"{"title":"a"}"#, type.map { [.contentType: $0] } ?? [:])
        #expect(response.status == .unsupportedMediaType)
    }

    @Test("Parameters of the media type do not matter")
    func parameters() async throws {
        #expect(try await post(#"{"title":"a"}"#, [.contentType: "Application/JSON; charset=utf-8"]).status == .created)
    }
}
