import HTTPTypes
import Hummingbird
import Storage
import Wire

extension Request {
    /// The key under which a client may repeat this write, from its `Idempotency-Key` header; nil when it has none.
    ///
    /// - Parameters:
    ///   - principal: who asks; the same key of another principal is another key.
    ///   - route: the route's own name, such as `POST /api/v1/builders/{name}/force`, with what identifies its target.
    ///   - bodyHash: SHA-256 of the body (`JSONBody.sha256`).
    public func idempotencyKey(principal: String, route: String, bodyHash: String) throws -> IdempotencyKey? {
        guard let name = HTTPField.Name("Idempotency-Key"), let key = headers[name] else { return nil }
        guard (1...200).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem(
                status: 400, code: "invalid_idempotency_key", title: "The Idempotency-Key header is wrong",
                detail: "expected 1 to 200 printable ASCII characters without spaces")
        }
        return IdempotencyKey(principal: principal, route: route, key: key, bodyHash: bodyHash)
    }
}
