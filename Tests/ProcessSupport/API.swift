import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A test's own plain client of the API: JSON in, JSON out, nothing shared with the product's client.
public struct API: Sendable {
    public let base: String
    private var token: String?

    public init(port: Int) {
        base = "http://127.0.0.1:\(port)"
    }

    /// The same, by whoever has this token.
    public func showing(_ token: String) -> API {
        var api = self
        api.token = token
        return api
    }

    public struct Answer: Sendable {
        public var status: Int
        public var body: Data

        /// The body as JSON: dictionaries, arrays, strings and numbers.
        public var json: Any? { try? JSONSerialization.jsonObject(with: body, options: [.fragmentsAllowed]) }
        public var object: [String: Any] { json as? [String: Any] ?? [:] }
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// Asks a second time when the connection breaks: the pool may hold one to a server that was killed.
    public func get(_ path: String) async throws -> Answer {
        do {
            return try await send(.GET, path, nil)
        } catch {
            return try await send(.GET, path, nil)
        }
    }

    public func post(_ path: String, _ body: [String: any Sendable] = [:]) async throws -> Answer {
        try await send(.POST, path, try JSONSerialization.data(withJSONObject: body))
    }

    /// The items of a short list, which comes whole.
    public func all(_ path: String) async throws -> [[String: Any]] {
        try await get(path).object["items"] as? [[String: Any]] ?? []
    }

    /// The items of a list, all pages.
    public func list(_ path: String) async throws -> [[String: Any]] {
        var items: [[String: Any]] = []
        var next: String?
        repeat {
            let mark = path.contains("?") ? "&" : "?"
            let answer = try await get(path + mark + "limit=200" + (next.map { "&after=\($0)" } ?? ""))
            items += answer.object["items"] as? [[String: Any]] ?? []
            next = answer.object["next"] as? String
        } while next != nil
        return items
    }

    private func send(_ method: HTTPMethod, _ path: String, _ body: Data?) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        return Answer(status: Int(response.status.code), body: Data((try await response.body.collect(upTo: 256 << 20)).readableBytesView))
    }

    /// Asks until the check holds. For what no event tells; bounded.
    public func poll<Value>(within bound: Duration = .seconds(60), _ check: () async throws -> Value?) async throws -> Value {
        let deadline = ContinuousClock.now + bound
        while true {
            if let value = try? await check() { return value }
            guard ContinuousClock.now < deadline else { throw TimedOut(bound: bound) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

public struct TimedOut: Error, CustomStringConvertible {
    public var bound: Duration
    public var description: String { "nothing within \(bound)" }
}
