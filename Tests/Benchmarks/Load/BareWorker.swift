import Foundation

/// A worker that runs nothing: it speaks `/worker/v1` over one connection, takes as many builds as it has slots, and accepts and finishes them in one
/// call, as a worker may when nothing runs in between.
final class BareWorker {
    struct Assignment: Decodable {
        var build: Int64
        var fence: Int64
    }

    private struct Claim: Decodable { var builds: [Assignment] }
    private struct Opened: Decodable { var session: Int64 }
    private struct Judged: Decodable {
        struct Answer: Decodable {
            var status: Int
            var detail: String?
        }
        var answers: [Answer]
    }

    let connection: WebConnection
    private let session: Int64
    private let authorization: String
    private let slots: Int
    private let decoder = JSONDecoder()

    init(port: Int, name: String, slots: Int) throws {
        connection = try WebConnection(port: port)
        self.slots = slots
        let secret = String(repeating: "s", count: 32) + name
        authorization = "Authorization: Bearer \(secret)\r\n"
        let answer = try connection.call(
            "POST", "/worker/v1/sessions",
            json: """
                {"protocol":1,"worker":"\(name)","incarnation":"\(UUID().uuidString)","secret":"\(secret)","version":"bench",\
                "labels":{"kind":"bare"},"slots":\(slots)}
                """)
        guard answer.status == 201 else { throw BenchmarkFailure("a session was answered with \(answer.status): \(answer.text)") }
        session = try decoder.decode(Opened.self, from: Data(answer.body)).session
    }

    /// Waits for work, at most so long.
    func claim(free: Int? = nil, waitMilliseconds: Int) throws -> [Assignment] {
        let answer = try call("claim", "{\"free\":\(free ?? slots),\"holding\":[],\"wait_ms\":\(waitMilliseconds)}")
        return try decoder.decode(Claim.self, from: Data(answer.body)).builds
    }

    /// Returns when the store has it.
    func accept(_ builds: [Assignment]) throws {
        try report(builds.map(Self.acceptance))
    }

    func finish(_ builds: [Assignment]) throws {
        try report(builds.map(Self.end))
    }

    func acceptAndFinish(_ builds: [Assignment]) throws {
        try report(builds.flatMap { [Self.acceptance($0), Self.end($0)] })
    }

    private static func acceptance(_ build: Assignment) -> String {
        "{\"key\":\"1-accept\",\"build\":\(build.build),\"fence\":\(build.fence),\"kind\":\"accept\"}"
    }

    private static func end(_ build: Assignment) -> String {
        """
        {"key":"2-finish","build":\(build.build),"fence":\(build.fence),"kind":"finish",\
        "finish":{"outcome":"success","text":"","logs":[]}}
        """
    }

    /// Appends to a log of a build that was accepted; returns when it is on the server's disk.
    func append(_ bytes: ArraySlice<UInt8>, at offset: Int, to build: Assignment) throws {
        let headers = """
            \(authorization)Content-Range: bytes \(offset)-\(offset + bytes.count - 1)/*\r\nDoorbell-Session: \(session)\r\n\
            Doorbell-Fence: \(build.fence)\r\nDoorbell-Step: 1\r\n
            """
        let answer = try connection.call(
            "PATCH", "/worker/v1/builds/\(build.build)/logs/1-print", headers: headers, type: "application/octet-stream", body: bytes)
        guard answer.status == 202 else { throw BenchmarkFailure("a log call was answered with \(answer.status): \(answer.text)") }
    }

    func goodbye() throws {
        _ = try connection.call("DELETE", "/worker/v1/sessions/\(session)", headers: authorization, json: "")
    }

    private func report(_ documents: [String]) throws {
        let answer = try call("reports", "{\"reports\":[" + documents.joined(separator: ",") + "]}")
        let judged = try decoder.decode(Judged.self, from: Data(answer.body)).answers
        if let bad = judged.first(where: { $0.status != 200 }) {
            throw BenchmarkFailure("a report was answered with \(bad.status): \(bad.detail ?? "")")
        }
    }

    private func call(_ what: String, _ body: String) throws -> WebConnection.Answer {
        let answer = try connection.call("POST", "/worker/v1/sessions/\(session)/\(what)", headers: authorization, json: body)
        guard answer.status == 200 else { throw BenchmarkFailure("\(what) was answered with \(answer.status): \(answer.text)") }
        return answer
    }
}
