import AsyncHTTPClient
import Domain
import Foundation
import Logging
import Synchronization
import Wire

/// The calls of the worker protocol, made to the dispatcher that answered last and, when it does not, to the next.
final class DispatcherClient: Sendable {
    struct Credentials: Sendable {
        var session: SessionID
        var secret: String
    }

    /// A log call's answer: how many bytes the server has now.
    struct LogAnswer: Hashable, Sendable {
        var size: Int64
        var cancel: Bool
    }

    private static let root = "/worker/v1"
    /// A claim's answer holds the recipes of as many builds as there are free slots.
    private static let answerLimit = 64 << 20
    private static let connectTimeout: Duration = .seconds(3)
    static let callTimeout: Duration = .seconds(20)
    /// What a long poll may take beyond what it was asked to wait.
    private static let pollSlack: Duration = .seconds(10)

    private let urls: [String]
    private let calls: HTTPClient
    /// For those that a dispatcher lets wait.
    private let polls: HTTPClient
    /// Begins anywhere, so that workers spread over the dispatchers.
    private let current: Mutex<Int>

    /// Throws `WorkerError` for addresses that are none.
    ///
    /// - Parameter silence: how long an answer that has begun may stand still, and one that nobody lets wait may take to begin.
    init(urls: [String], connections: Int, silence: Duration = DispatcherClient.callTimeout) throws {
        self.urls = try urls.map(Self.checked)
        guard !urls.isEmpty else { throw WorkerError(.invalidConfiguration, "No dispatcher is named; give its address with --url or DOORBELL_URL.") }
        current = Mutex(Int.random(in: self.urls.indices))
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .nanoseconds(Self.connectTimeout.microseconds * 1000)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout.read = .nanoseconds(silence.microseconds * 1000)
        calls = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let longest: Duration = .milliseconds(WorkerProtocol.longestWaitMilliseconds) + Self.pollSlack
        configuration.timeout.read = .nanoseconds(longest.microseconds * 1000)
        polls = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async throws {
        try await calls.shutdown()
        try await polls.shutdown()
    }

    func openSession(_ request: SessionRequest, token: String?) async throws(DispatcherError) -> SessionDocument {
        try await call(.post, "/sessions", request, bearer: token, timeout: Self.callTimeout)
    }

    func claim(_ request: ClaimRequest, as credentials: Credentials) async throws(DispatcherError) -> ClaimAnswer {
        let timeout: Duration = .milliseconds(request.waitMilliseconds) + Self.pollSlack
        return try await call(.post, "/sessions/\(credentials.session)/claim", request, bearer: credentials.secret, timeout: timeout)
    }

    func report(_ batch: ReportBatch, as credentials: Credentials) async throws(DispatcherError) -> ReportBatchAnswer {
        try await call(.post, "/sessions/\(credentials.session)/reports", batch, bearer: credentials.secret, timeout: Self.callTimeout)
    }

    func trigger(_ request: TriggerRequest, build: BuildID, as credentials: Credentials) async throws(DispatcherError) -> TriggerAnswer {
        let timeout: Duration = .milliseconds(request.waitMilliseconds) + Self.pollSlack
        return try await callOfBuild("/builds/\(build)/trigger", request, as: credentials, timeout: timeout)
    }

    func secrets(_ request: StepRequest, build: BuildID, as credentials: Credentials) async throws(DispatcherError) -> SecretsAnswer {
        try await callOfBuild("/builds/\(build)/secrets", request, as: credentials, timeout: Self.callTimeout)
    }

    func patch(_ request: StepRequest, build: BuildID, as credentials: Credentials) async throws(DispatcherError) -> PatchAnswer {
        try await callOfBuild("/builds/\(build)/patch", request, as: credentials, timeout: Self.callTimeout)
    }

    private func callOfBuild<Body: Encodable & Sendable, Document: Decodable>(
        _ path: String, _ body: Body, as credentials: Credentials, timeout: Duration
    ) async throws(DispatcherError) -> Document {
        let place = current.withLock { $0 }
        do {
            return try await call(.post, path, body, bearer: credentials.secret, timeout: timeout)
        } catch {
            // One of an older version knows no such call; the next may.
            if case .sessionOver(404, _) = error { moveOn(from: place) }
            throw error
        }
    }

    func endSession(_ credentials: Credentials) async throws(DispatcherError) {
        let answer = try await send(.delete, "/sessions/\(credentials.session)", bearer: credentials.secret, timeout: .seconds(5))
        try Self.check(answer)
    }

    /// Sends `bytes`, which belong at `offset`. A server that has less says so, and nothing is stored.
    func appendLog(
        _ bytes: [UInt8], at offset: Int64, name: String, step: Int, build: BuildID, fence: Fence, as credentials: Credentials
    ) async throws(DispatcherError) -> LogAnswer {
        let headers = [
            ("Content-Type", "application/octet-stream"), ("Content-Range", "bytes \(offset)-\(offset + Int64(bytes.count) - 1)/*"),
            (WorkerProtocol.sessionHeader, credentials.session.description), (WorkerProtocol.fenceHeader, String(fence.rawValue)),
            (WorkerProtocol.stepHeader, String(step)),
        ]
        let answer = try await send(
            .patch, "/builds/\(build)/logs/\(name)", bearer: credentials.secret, headers: headers, body: .bytes(bytes), timeout: Self.callTimeout)
        if answer.status != 416 { try Self.check(answer) }
        let assumed = answer.status == 416 ? 0 : offset + Int64(bytes.count)
        return LogAnswer(
            size: Self.size(inRange: answer.range) ?? assumed, cancel: answer.control.lowercased() == ControlDocument.Action.cancel.rawValue)
    }

    /// `0-LAST`, perhaps after `bytes=`: the number of bytes that it covers.
    static func size(inRange text: String) -> Int64? {
        guard let last = text.split(separator: "-", omittingEmptySubsequences: false).last, let number = Int64(last), number >= 0, number < .max
        else {
            return nil
        }
        return number + 1
    }

    private func call<Body: Encodable & Sendable, Document: Decodable>(
        _ method: Method, _ path: String, _ body: Body, bearer: String?, timeout: Duration
    ) async throws(DispatcherError) -> Document {
        let encoded: Data
        do {
            encoded = try JSONEncoder().encode(body)
        } catch {
            throw .refused(status: 0, "the call could not be written as JSON: \(error)")
        }
        let answer = try await send(
            method, path, bearer: bearer, headers: [("Content-Type", "application/json")], body: .bytes(encoded), timeout: timeout)
        try Self.check(answer)
        do {
            return try JSONDecoder().decode(Document.self, from: answer.body)
        } catch {
            throw .unavailable("the answer to \(path) is not what the worker protocol says: \(error)")
        }
    }

    private enum Method: String {
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    private struct Answer {
        var status: Int
        var range: String
        var control: String
        var body: Data
    }

    private func send(
        _ method: Method, _ path: String, bearer: String?, headers: [(String, String)] = [], body: HTTPClientRequest.Body? = nil,
        timeout: Duration
    ) async throws(DispatcherError) -> Answer {
        let place = current.withLock { $0 }
        let url = urls[place]
        do {
            var request = HTTPClientRequest(url: url + Self.root + path)
            request.method = .init(rawValue: method.rawValue)
            request.headers.add(name: "Accept", value: "application/json")
            if let bearer { request.headers.add(name: "Authorization", value: "Bearer \(bearer)") }
            for (name, value) in headers { request.headers.add(name: name, value: value) }
            request.body = body
            // Neither's deadline counts any more once the answer has begun.
            let http = timeout > Self.callTimeout ? polls : calls
            let response = try await http.execute(request, timeout: .nanoseconds(timeout.microseconds * 1000))
            let bytes = try await response.body.collect(upTo: Self.answerLimit)
            let status = Int(response.status.code)
            if status >= 500 { moveOn(from: place) }
            return Answer(
                status: status, range: response.headers.first(name: "Range") ?? "",
                control: response.headers.first(name: WorkerProtocol.controlHeader) ?? "", body: Data(bytes.readableBytesView))
        } catch {
            moveOn(from: place)
            throw .unavailable("\(url): \(error)")
        }
    }

    /// Only the first of several calls that failed there moves on.
    private func moveOn(from place: Int) {
        current.withLock { current in
            if current == place { current = (place + 1) % urls.count }
        }
    }

    private static func check(_ answer: Answer) throws(DispatcherError) {
        guard !(200..<300).contains(answer.status) else { return }
        let problem = try? JSONDecoder().decode(Problem.self, from: answer.body)
        let text = problem.map { [$0.title, $0.detail].compactMap(\.self).joined(separator: ": ") } ?? "the answer was \(answer.status)"
        switch answer.status {
        case 401, 403, 404, 409, 410: throw .sessionOver(status: answer.status, text)
        case 408, 425, 429, 500...: throw .unavailable("\(answer.status): \(text)")
        default: throw .refused(status: answer.status, text)
        }
    }

    private static func checked(_ url: String) throws -> String {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
            parts.host?.isEmpty == false, parts.query == nil, parts.fragment == nil, parts.user == nil
        else {
            throw WorkerError(.invalidConfiguration, "“\(url)” is not the address of a dispatcher; expected one such as http://127.0.0.1:8010.")
        }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }
}
