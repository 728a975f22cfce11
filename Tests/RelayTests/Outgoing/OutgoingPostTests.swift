import Domain
import Foundation
import ProcessSupport
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import Relay

/// Sending to an endpoint in a process of its own.
@Suite(.timeLimit(.minutes(3))) struct OutgoingPostTests {
    private let directory = TemporaryDirectory()

    private func call(_ url: String, isPrivate: Bool = true) -> OutgoingCall {
        OutgoingCall(url: url, headers: [("webhook-id", "m")], body: Array("{}".utf8), mayBePrivate: isPrivate)
    }

    private func webhook(_ url: String, _ secrets: [String], isPrivate: Bool = true) throws -> Webhook {
        let references = try secrets.enumerated().map { place, secret in
            let path = directory.file("secret-\(place)")
            try (secret + "\nsecond line\n").write(toFile: path, atomically: true, encoding: .utf8)
            return CredentialReference.file(path)
        }
        return Webhook(name: "hook", url: url, keys: ["build.#"], secrets: references, isPrivate: isPrivate)
    }

    @Test("Each answer is what it is: taken, refused, a redirect that is not followed, one without end, none")
    func answers() async throws {
        let endpoint = try await WebhookEndpoint.start(in: directory.file("endpoint"))
        let post = OutgoingPost(patience: .seconds(10))
        #expect(await post.send(call(endpoint.url + "/a?b=c")) == .arrived(status: 204))
        try endpoint.turn(.fail)
        #expect(await post.send(call(endpoint.url)) == .failed(status: 500, reason: "answers 500: no:  [1mthis is refused"))
        try endpoint.turn(.gone)
        guard case .failed(status: 410, _) = await post.send(call(endpoint.url)) else {
            Issue.record("410 is a failure as any other")
            return
        }
        try endpoint.turn(.redirect)
        #expect(await post.send(call(endpoint.url)) == .failed(status: 302, reason: "answers 302, and redirects are not followed"))
        try endpoint.turn(.forever)
        guard case .failed(status: 500, let reason) = await post.send(call(endpoint.url)) else {
            Issue.record("an answer without end is read in part")
            return
        }
        #expect(reason.utf8.count <= 300 && reason.hasPrefix("answers 500: xxx"))
        try endpoint.turn(.hang)
        #expect(await post.send(call(endpoint.url)) == .failed(status: nil, reason: "no answer within 10 s"))
        try endpoint.turn(.take)
        #expect(await post.send(call(endpoint.url)) == .arrived(status: 204))
        let requests = try endpoint.requests()
        #expect(requests.map(\.path) == ["/a?b=c", "/", "/", "/", "/", "/"])
        #expect(requests.allSatisfy { $0.method == "POST" && $0.body == Data("{}".utf8) })
        await post.close()
    }

    @Test(
        "An address that is not public is refused before anything is sent, unless it is allowed",
        arguments: ["127.0.0.1", "localhost", "[::1]", "2130706433"])
    func privateAddress(host: String) async throws {
        let endpoint = try await WebhookEndpoint.start(in: directory.file("endpoint"))
        let post = OutgoingPost()
        let url = "http://\(host):\(endpoint.port)/"
        guard case .failed(status: nil, let reason) = await post.send(call(url, isPrivate: false)) else {
            Issue.record("it was sent")
            return
        }
        #expect(reason.contains("not public"))
        #expect(try endpoint.requests().isEmpty)
        await post.close()
    }

    @Test("A connection goes to the address that was looked at, under the name")
    func name() async throws {
        let endpoint = try await WebhookEndpoint.start(in: directory.file("endpoint"))
        let post = OutgoingPost()
        // The name has an address of IPv6 too, at which nobody listens: at the latest the second try takes the other.
        var result = await post.send(call("http://localhost:\(endpoint.port)/"))
        if case .failed = result { result = await post.send(call("http://localhost:\(endpoint.port)/")) }
        #expect(result == .arrived(status: 204))
        #expect(try endpoint.requests().first?.headers["host"] == "localhost:\(endpoint.port)")
        await post.close()
    }

    @Test("A name that is not known, and nobody who listens, are failures")
    func nobody() async throws {
        let post = OutgoingPost()
        #expect(await post.send(call("https://nobody.invalid/")) == .failed(status: nil, reason: "the name nobody.invalid is not known"))
        guard case .failed(status: nil, _) = await post.send(call("http://127.0.0.1:\(try FreePort.find())/")) else {
            Issue.record("nobody listens there")
            return
        }
        await post.close()
    }

    @Test("What is sent is a Standard Webhook, signed with every secret, and a CloudEvent, as the libraries of both read it")
    func standards() async throws {
        let endpoint = try await WebhookEndpoint.start(in: directory.file("endpoint"))
        let post = OutgoingPost()
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a secret of plain bytes"]
        let target = WebhookTarget(
            try webhook(endpoint.url, secrets), deployment: "0b8d4a52-58a3-4c3f-9d3c-0c5e8b6f2a11", post: post)
        let event = Machines.event(7)
        #expect(await target.send(event) == .arrived(status: 204))
        let plain = "whsec_" + Data(secrets[1].utf8).base64EncodedString()
        let folder = (#filePath as NSString).deletingLastPathComponent
        let python = (folder as NSString).appendingPathComponent("../../../.build/tools/bin/python3")
        let process = try RunningProcess(
            python, ["\(folder)/verify_webhook.py", endpoint.recordPath, secrets[0], plain], in: directory.path,
            environment: ["PYTHONDONTWRITEBYTECODE": "1"], logs: directory.path, name: "verify")
        #expect(await process.status() == 0, "\(process.errorOutput)")
        #expect(process.output == "build.finished.v1 build/17 urn:uuid:0b8d4a52-58a3-4c3f-9d3c-0c5e8b6f2a11 1.0 build.finished 7\n")
        let request = try #require(try endpoint.requests().first)
        #expect(request.headers["webhook-signature"]?.split(separator: " ").count == 2)
        #expect(request.headers["content-type"] == "application/json")
        // A secret that is none of them fails there.
        let wrong = try RunningProcess(
            python, ["\(folder)/verify_webhook.py", endpoint.recordPath, "whsec_AAAA"], in: directory.path,
            environment: ["PYTHONDONTWRITEBYTECODE": "1"], logs: directory.path, name: "wrong")
        #expect(await wrong.status() != 0)
        await post.close()
    }

    @Test("A secret that is not here fails the try, and names neither path nor variable")
    func missing() async throws {
        let post = OutgoingPost()
        let hook = Webhook(name: "h", url: "http://127.0.0.1:9/", keys: ["build.#"], secrets: [.file(directory.file("none"))], isPrivate: true)
        let target = WebhookTarget(hook, deployment: "d", post: post)
        guard case .failed(status: nil, let reason) = await target.send(Machines.event(1)) else {
            Issue.record("it was sent without a signature")
            return
        }
        #expect(!reason.contains(directory.path))
        #expect(target.order(of: Machines.event(1)) == "build/17")
        var other = Machines.event(2)
        other.routingKey = "change.received.demo.main._._._.2"
        #expect(target.order(of: other) == nil)
        await post.close()
    }

    @Test("A signature is that of the specification's example")
    func example() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = secret.signature(id: "msg_p5jXN8AQM9LWM0D4loKWxJek", time: "1614265330", body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(WebhookSecret("whsec_") == nil && WebhookSecret("whsec_!") == nil && WebhookSecret("") == nil)
    }
}
