import AsyncHTTPClient
import Foundation
import NIOCore
import ProcessSupport
import Testing

/// What a forge sends of a push, and how it signs it with `s3cret`.
enum Forge {
    /// Told of one commit, as GitHub tells.
    static func push(_ revision: String, before: String = String(repeating: "0", count: 40), in repository: GitRepository) throws -> Data {
        try JSONSerialization.data(withJSONObject: [
            "ref": "refs/heads/main", "before": before, "after": revision,
            "commits": [["id": revision, "message": "Greet", "author": ["name": "Ada", "email": "ada@example.org"]] as [String: Any]],
            "repository": ["full_name": "demo/demo", "clone_url": repository.path, "ssh_url": repository.path],
        ])
    }

    static func tell(_ deployment: Deployment, _ body: Data, signature: String) async throws -> Int {
        var request = HTTPClientRequest(url: deployment.api.base + "/hooks/forge")
        request.method = .POST
        request.headers.add(contentsOf: [
            ("Content-Type", "application/json"), ("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d-1"),
            ("X-Hub-Signature-256", "sha256=" + signature),
        ])
        request.body = .bytes(ByteBuffer(bytes: body))
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(30)).status.code)
    }

    /// As `openssl dgst -sha256 -hmac s3cret` signs it.
    static func signature(of body: Data, in directory: String) async throws -> String {
        let name = "body-\(UUID().uuidString)"
        try body.write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
        let process = try RunningProcess(
            "/usr/bin/openssl", ["dgst", "-sha256", "-hmac", "s3cret", "-r", "\(directory)/\(name)"], in: directory, logs: directory, name: name)
        try #require(await process.status() == 0)
        return String(process.output.prefix(64))
    }
}
