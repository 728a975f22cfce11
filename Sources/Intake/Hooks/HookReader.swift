import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Wire

/// Reads the call of a forge, and finds out who sent it. All that strangers can make it hold and wait for is bounded.
struct HookReader: Sendable {
    /// What GitHub sends at most.
    var mostBytes = 25 << 20
    /// Several of the largest calls of one source, or thousands of usual ones.
    var unproven = UnprovenBytes(most: 128 << 20)
    /// GitHub gives up after ten seconds, its Enterprise Server after thirty.
    var patience: Duration = .seconds(30)

    /// - Parameters:
    ///   - source: what is held until the call is believed counts as its.
    ///   - signature: nil when anybody is believed.
    /// - Throws: `HookRefusal.unsigned`, for what its headers lack before any of the body is read; 413; 503 when too much is received at once, or it takes too long.
    func read(_ request: Request, source: String, headers: [String: String], signature: HookSignature?) async throws -> HookDelivery {
        let call = HookDelivery(headers: headers, body: Data())
        try signature?.checkHeaders(of: call)
        if let declared = request.headers[.contentLength], (Int(declared) ?? Int.max) > mostBytes { throw tooLarge }
        let body = request.body
        return try await withThrowingTaskGroup(of: HookDelivery.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await collect(body, of: call, source, signature) }
            group.addTask {
                try await Task.sleep(for: patience)
                throw Problem.unavailable("the call did not end within \(Int(patience.inSeconds)) s: send it again later")
            }
            guard let delivery = try await group.next() else { throw CancellationError() }
            return delivery
        }
    }

    private func collect(_ body: RequestBody, of call: HookDelivery, _ source: String, _ signature: HookSignature?) async throws -> HookDelivery {
        var call = call
        // Behind the signature it is the forge's, which the rate limit bounds.
        defer { unproven.give(call.body.count, of: source) }
        for try await chunk in body {
            guard call.body.count + chunk.readableBytes <= mostBytes else { throw tooLarge }
            // Counted as they come, not as they are announced: to announce costs nothing.
            guard unproven.take(chunk.readableBytes, of: source) else {
                throw Problem.unavailable("too many calls are received at once: send it again later")
            }
            call.body.append(contentsOf: chunk.readableBytesView)
        }
        try Task.checkCancellation()
        try signature?.check(call)
        return call
    }

    private var tooLarge: Problem { .tooLarge("at most \(mostBytes) bytes are taken here") }
}
