/// Submits changes, one a call, over one connection.
final class ChangeClient {
    private let connection: WebConnection
    private let prefix: String
    private var count = 0

    /// - Parameter name: unlike that of any other client of the server; it is part of each change's key.
    init(port: Int, name: String) throws {
        connection = try WebConnection(port: port)
        prefix = name
    }

    /// The revision of the last change.
    var revision: String { "\(prefix)-\(count)" }

    /// Returns when the change was answered 2xx.
    func submit(branch: String = "main") throws {
        count += 1
        let body = """
            {"project":"bench","repository":"https://git.example.org/bench.git","branch":"\(branch)","revision":"\(revision)",\
            "author":"Ada Example <ada@example.org>","comments":"Make it faster","files":["Sources/A.swift","Sources/B.swift"],\
            "dedupe_key":"\(revision)"}
            """
        let answer = try connection.call("POST", "/api/v1/changes", json: body)
        guard answer.status == 201 else { throw BenchmarkFailure("a change was answered with \(answer.status): \(answer.text)") }
    }
}
