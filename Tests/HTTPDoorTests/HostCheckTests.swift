import HTTPTypes
import Hummingbird
import Testing

@testable import HTTPDoor

@Suite struct HostCheckTests {
    @Test(
        "A Host header is taken apart into a name and whether it is this machine",
        arguments: [
            ("localhost:8010", "localhost", true), ("LOCALHOST", "localhost", true), ("127.0.0.1:1", "127.0.0.1", true),
            ("127.evil.example", "127.evil.example", false), ("[::1]:8010", "::1", true), ("a.localhost", "a.localhost", true),
            ("10.0.0.5:80", "10.0.0.5", false), ("doorbell.example:8010", "doorbell.example", false),
        ])
    func names(authority: String, name: String, loopback: Bool) throws {
        let host = try #require(HostName(authority: authority))
        #expect(host.name == name)
        #expect(host.isLoopback == loopback)
    }

    @Test(
        "What is no host is refused",
        arguments: ["", ":80", "a b", "a/b", "user@host", "host:port", "host:99999", "[::1", "[zz]:1", "[::1]x", "höst", "a:1:2"])
    func malformed(authority: String) {
        #expect(HostName(authority: authority) == nil)
    }

    @Test("A name that is not ours is refused, an address or a configured name is not")
    func rebinding() async throws {
        #expect(try await status(host: "evil.example") == .init(code: 421))
        #expect(try await status(host: "doorbell.example", names: ["Doorbell.example"]) == .ok)
        #expect(try await status(host: "192.168.1.7:8010") == .ok)
        #expect(try await status(host: "localhost:8010") == .ok)
        #expect(try await status(host: nil) == .badRequest)
    }

    @Test("A write from another origin is refused, one from our own page or a program is not")
    func origins() async throws {
        let origin = try #require(HTTPField.Name("Origin"))
        let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
        #expect(try await status(host: "localhost:1", method: .put, headers: [origin: "https://evil.example"]) == .forbidden)
        #expect(try await status(host: "localhost:1", method: .put, headers: [origin: "http://localhost:2"]) == .forbidden)
        #expect(try await status(host: "localhost:1", method: .put, headers: [origin: "null"]) == .forbidden)
        #expect(try await status(host: "localhost:1", method: .put, headers: [origin: "http://localhost:1"]) == .ok)
        #expect(try await status(host: "localhost:1", method: .put, headers: [site: "cross-site"]) == .forbidden)
        #expect(try await status(host: "localhost:1", method: .put, headers: [site: "same-origin"]) == .ok)
        #expect(try await status(host: "localhost:1", method: .put) == .ok)
        #expect(try await status(host: "localhost:1", method: .get, headers: [origin: "https://evil.example"]) == .ok)
    }

    @Test("What a foreign form can send is never taken", arguments: ["text/plain", "multipart/form-data; boundary=x"])
    func forms(type: String) async throws {
        #expect(try await status(host: "localhost", method: .put, headers: [.contentType: type]) == .unsupportedMediaType)
    }

    private func status(
        host: String?, names: Set<String> = [], method: HTTPRequest.Method = .get, headers: HTTPFields = [:]
    ) async throws -> HTTPResponse.Status {
        let router = DoorRouter(context: DoorContext.self)
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: HostCheck(names: names))
        router.on("thing", method: method) { _, _ in "ok" }
        let request = Request(
            head: HTTPRequest(method: method, scheme: "http", authority: host, path: "/thing", headerFields: headers),
            body: RequestBody(buffer: ByteBuffer()))
        let context = DoorContext(source: ApplicationRequestContextSource(channel: EmbeddedConnection.make(), logger: .init(label: "test")))
        return try await router.buildResponder().respond(to: request, context: context).status
    }
}
