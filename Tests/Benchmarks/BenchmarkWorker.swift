import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import Wire

/// A worker that runs nothing: it speaks the protocol, and says that each build was done.
struct BenchmarkWorker: Sendable {
    let base: String
    let name: String
    let slots: Int

    /// Claims and finishes builds until it is cancelled or told to stop; adds up what it finished.
    func run(until isOver: @Sendable () -> Bool, finished: @Sendable (Int) -> Void) async throws {
        let secret = String(repeating: "0123456789abcdef", count: 2) + name
        let opened: SessionDocument = try await send(
            "/worker/v1/sessions", secret: nil,
            SessionRequest(worker: name, incarnation: "bench-\(name)", secret: secret, version: "bench", labels: [:], slots: slots))
        while !isOver() {
            let claim: ClaimAnswer = try await send(
                "/worker/v1/sessions/\(opened.session)/claim", secret: secret, ClaimRequest(free: slots, holding: [], waitMilliseconds: 200))
            guard !claim.builds.isEmpty else { continue }
            var reports: [ReportDocument] = []
            for build in claim.builds {
                reports.append(ReportDocument(key: "accept", build: build.build, fence: build.fence, kind: .accept))
                reports.append(
                    ReportDocument(key: "finish", build: build.build, fence: build.fence, kind: .finish, finish: BuildEnd(outcome: .success)))
            }
            let answer: ReportBatchAnswer = try await send(
                "/worker/v1/sessions/\(opened.session)/reports", secret: secret, ReportBatch(reports: reports))
            guard let bad = answer.answers.first(where: { $0.status != 200 }) else {
                finished(claim.builds.count)
                continue
            }
            throw BenchmarkFailure("a report was answered \(bad.status): \(bad.detail ?? "")")
        }
    }

    private func send<Answer: Decodable>(_ path: String, secret: String?, _ body: some Encodable) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        if let secret { request.headers.add(name: "Authorization", value: "Bearer \(secret)") }
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(90))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        guard (200..<300).contains(Int(response.status.code)) else {
            throw BenchmarkFailure("\(path) was answered \(response.status.code): \(String(buffer: bytes))")
        }
        return try JSONDecoder().decode(Answer.self, from: Data(bytes.readableBytesView))
    }
}
