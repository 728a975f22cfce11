import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Wire

/// Asks a running Doorbell; turns its problems into failures with an exit status.
struct APIClient: Sendable {
    let base: String
    let token: String?

    struct Answer {
        var status: Int
        var body: Data
    }

    /// Never shut down: it ends with the process.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        // A refused connection is an answer: nobody is there.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// The longest answer that is read whole.
    private static let answerLimit = 64 << 20

    func get(_ path: String, query: [(String, String?)] = []) async throws -> Data {
        try await send(.GET, path: path, query: query, body: nil).body
    }

    func post(_ path: String, body: some Encodable, idempotencyKey: String? = nil) async throws -> Answer {
        try await send(.POST, path: path, query: [], body: try JSONEncoder().encode(body), idempotencyKey: idempotencyKey)
    }

    /// The answer as it comes, for logs and events that are followed. Ends when the server or `onBytes` (by returning false) ends it.
    func stream(
        _ path: String, query: [(String, String?)] = [], headers: [String: String] = [:], onBytes: (ByteBuffer) throws -> Bool
    ) async throws {
        var request = self.request(.GET, path: path, query: query)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await execute(request, timeout: .hours(24 * 365))
        guard (200..<300).contains(Int(response.status.code)) else {
            throw failure(status: Int(response.status.code), body: Data(buffer: try await response.body.collect(upTo: 1 << 20)), path: path)
        }
        do {
            for try await buffer in response.body where try !onBytes(buffer) { return }
        } catch let error as HTTPClientError {
            throw CommandFailure(.unavailable, "the connection to \(base) broke: \(error.shortDescription)")
        }
    }

    private func send(_ method: HTTPMethod, path: String, query: [(String, String?)], body: Data?, idempotencyKey: String? = nil) async throws
        -> Answer
    {
        var request = self.request(method, path: path, query: query)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        if let idempotencyKey { request.headers.add(name: "Idempotency-Key", value: idempotencyKey) }
        let response = try await execute(request, timeout: .seconds(60))
        let bytes: ByteBuffer
        do {
            bytes = try await response.body.collect(upTo: Self.answerLimit)
        } catch {
            throw CommandFailure(.unavailable, "the answer of \(base) broke off")
        }
        let answer = Answer(status: Int(response.status.code), body: Data(buffer: bytes))
        guard (200..<300).contains(answer.status) else { throw failure(status: answer.status, body: answer.body, path: path) }
        return answer
    }

    private func request(_ method: HTTPMethod, path: String, query: [(String, String?)]) -> HTTPClientRequest {
        let words = query.compactMap { name, value in value.map { "\(name)=\(Self.escape($0))" } }
        var request = HTTPClientRequest(url: base + path + (words.isEmpty ? "" : "?" + words.joined(separator: "&")))
        request.method = method
        request.headers.add(name: "Accept", value: "application/json")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return request
    }

    /// A path or query word with every byte outside RFC 3986's unreserved set escaped.
    static func escape(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
                ? String(character) : "%" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
        }.joined()
    }

    private func execute(_ request: HTTPClientRequest, timeout: TimeAmount) async throws -> HTTPClientResponse {
        do {
            return try await Self.http.execute(request, deadline: .now() + timeout)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw CommandFailure(.unavailable, "no Doorbell answers at \(base): start one with `doorbell up`, or name another with --url")
        }
    }

    private func failure(status: Int, body: Data, path: String) -> CommandFailure {
        let kind: CommandFailure.Status =
            switch status {
            case 503, 429: .tryAgain
            case 500...: .internalError
            default: .data
            }
        guard let problem = try? JSONDecoder().decode(Problem.self, from: body) else {
            return CommandFailure(kind, "\(base)\(path) answered \(status)")
        }
        let isConfiguration = problem.type == "urn:doorbell:problem:invalid_configuration"
        return CommandFailure(isConfiguration ? .configuration : kind, Table.printableLines(Self.message(problem)))
    }

    /// One line, or one for each field when several are wrong.
    private static func message(_ problem: Problem) -> String {
        if let errors = problem.errors, !errors.isEmpty {
            return problem.title + ":" + errors.map { "\n  \($0.pointer.isEmpty ? "" : $0.pointer + ": ")\($0.detail)" }.joined()
        }
        guard let detail = problem.detail, detail != problem.title else { return problem.title }
        // "Not found" says nothing that the detail does not.
        return problem.status == 404 ? detail : "\(problem.title): \(detail)"
    }
}

extension Table {
    static func printableLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }.joined(separator: "\n")
    }
}
