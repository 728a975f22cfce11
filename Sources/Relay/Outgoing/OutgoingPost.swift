import AsyncHTTPClient
import Foundation
import NIOCore
import Signals
import Synchronization

/// Sends requests to the server of one subscriber: to an address that was looked at first, and to no other; bounded in time; redirects are not followed, and
/// of an answer only the begin is read.
final class OutgoingPost: Sendable {
    private struct Line {
        var host: String
        var addresses: [String]
        var client: HTTPClient
        /// Which of the addresses, in the order of the resolver.
        var turn = 0
        var until: ContinuousClock.Instant
    }

    private let resolver = NameResolver()
    private let line = Mutex<Line?>(nil)
    private let patience: Duration

    /// How much is read of an answer.
    private static let longestAnswer = 8192
    /// How long the addresses of a name are believed.
    private static let freshness: Duration = .seconds(30)
    private static let longestReason = 300

    /// - Parameter patience: for the whole of it, the name, the connection and the answer.
    init(patience: Duration = .seconds(10)) {
        self.patience = patience
    }

    func send(_ call: OutgoingCall) async -> SendResult {
        do {
            return try await Bounded.run(within: patience) { try await self.post(call) }
        } catch let refusal as Refusal {
            return .failed(status: nil, reason: refusal.reason)
        } catch is Bounded.TooLate {
            turn()
            return .failed(status: nil, reason: "no answer within \(patience.components.seconds) s")
        } catch {
            turn()
            return .failed(status: nil, reason: Self.oneLine("\(error)"))
        }
    }

    func close() async {
        let client = line.withLock { line in
            defer { line = nil }
            return line?.client
        }
        try? await client?.shutdown()
    }

    private func post(_ call: OutgoingCall) async throws -> SendResult {
        let client = try await client(for: call)
        var request = HTTPClientRequest(url: call.url)
        request.method = .POST
        for (name, value) in call.headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(call.body)
        let response = try await client.execute(request, deadline: .distantFuture)
        let status = Int(response.status.code)
        if (200..<300).contains(status) {
            // The answer is there, whatever its body does. A short one is read to its end, so that the connection serves again.
            _ = try? await Bounded.run(within: .seconds(1)) { try await Self.begin(of: response) }
            return .arrived(status: status)
        }
        let text = (try? await Bounded.run(within: .seconds(1)) { try await Self.begin(of: response) }) ?? ""
        let word = (300..<400).contains(status) ? "answers \(status), and redirects are not followed" : "answers \(status)"
        return .failed(status: status, reason: Self.oneLine(text.isEmpty ? word : "\(word): \(text)"))
    }

    private static func begin(of response: HTTPClientResponse) async throws -> String {
        var read = ByteBuffer()
        for try await piece in response.body {
            read.writeImmutableBuffer(piece.getSlice(at: piece.readerIndex, length: min(piece.readableBytes, longestAnswer)) ?? ByteBuffer())
            if read.readableBytes >= longestAnswer { break }
        }
        return String(buffer: read)
    }

    /// The client whose connections go to addresses that were looked at. Names are asked for again after a while; a client whose addresses are no longer
    /// those of the name ends.
    private func client(for call: OutgoingCall) async throws -> HTTPClient {
        guard let host = URL(string: call.url)?.host, !host.isEmpty else { throw Refusal(reason: "its URL names no host") }
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        if let client = line.withLock({ $0.flatMap { $0.host == name && $0.until > .now ? $0.client : nil } }) { return client }
        let found = await resolver.addresses(of: name)
        guard !found.isEmpty else { throw Refusal(reason: "the name \(name.prefix(253)) is not known") }
        let allowed = call.mayBePrivate ? found : found.filter(\.address.isPublic)
        // One private address among public ones is refused as well: whoever answers for the name is not to be trusted.
        guard allowed.count == found.count, let first = allowed.first else {
            throw Refusal(
                reason: "\(name.prefix(253)) is at an address that is not public; \"private: true\" in the configuration allows it")
        }
        let texts = found.map(\.text).sorted()
        let until = ContinuousClock.now.advanced(by: Self.freshness)
        let known: HTTPClient? = line.withLock { line in
            guard line?.host == name, line?.addresses == texts else { return nil }
            line?.until = until
            return line?.client
        }
        if let known { return known }
        let turn = line.withLock { $0?.host == name ? ($0?.turn ?? 0) % found.count : 0 }
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.dnsOverride = [name: turn == 0 ? first.text : found[turn].text]
        configuration.httpVersion = .automatic
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let old = line.withLock { line in
            defer { line = Line(host: name, addresses: texts, client: client, turn: turn, until: until) }
            return line?.client
        }
        // What is on its way there has its time.
        if let old {
            Task { [patience] in
                try? await Task.sleep(for: patience)
                try? await old.shutdown()
            }
        }
        return client
    }

    /// Its next address next time: one of them may not be reached from here.
    private func turn() {
        line.withLock { line in
            guard var known = line, known.addresses.count > 1 else { return }
            known.turn += 1
            (known.addresses, known.until) = ([], .now)
            line = known
        }
    }

    private static func oneLine(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars.prefix(longestReason) {
            line.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        return line
    }

    private struct Refusal: Error { var reason: String }
}
