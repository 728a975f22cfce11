import Crypto
import Domain
import Foundation
import HTTPDoor
import Storage

/// One call of a forge, before anything of it is believed.
struct HookDelivery: Sendable {
    /// Names in lower case.
    var headers: [String: String]
    var body: Data

    /// What its sender calls this delivery. For people: most forges do not sign it.
    func name(for hook: HookConfiguration) -> String? {
        let found =
            if let own = hook.delivery { header(own) } else {
                header(
                    "x-github-delivery", "x-forgejo-delivery", "x-gitea-delivery", "idempotency-key", "x-gitlab-event-uuid", "x-request-uuid",
                    "x-request-id")
            }
        return found.map { Self.ascii($0.replacing(" ", with: "")) }
    }

    /// The forge's word for what it tells of; empty when it says none.
    var event: String { header("x-github-event", "x-forgejo-event", "x-gitea-event", "x-gitlab-event", "x-event-key").map(Self.ascii) ?? "" }

    /// SHA-256 of the body: the same for a repeat, whatever its headers are.
    var digest: String { Hexadecimal.text(SHA256.hash(data: body)) }

    /// The first of these that is there, in whatever case it is named.
    func header(_ names: String...) -> String? { header(names) }
    func header(_ names: [String]) -> String? { names.lazy.compactMap { headers[$0.lowercased()] }.first }

    /// The printable part of it, which can stand in logs and answers.
    private static func ascii(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 >= 32 && $0 < 127 }.prefix(100), as: UTF8.self)
    }
}

extension HookDelivery {
    /// The headers that reading needs, all of them: what it was signed with, and whatever a proxy added, is not among them.
    private static let read: Set<String> = [
        "x-github-event", "x-forgejo-event", "x-gitea-event", "x-gitlab-event", "x-event-key", "x-github-delivery", "x-forgejo-delivery",
        "x-gitea-delivery", "idempotency-key", "x-gitlab-event-uuid", "x-request-uuid", "x-request-id", "content-type",
    ]

    /// What can be put on record of it.
    ///
    /// - Parameter limit: the longest body that is kept.
    func kept(of hook: HookConfiguration, limit: Int) -> NewDelivery {
        let own = (hook.mappings ?? []).flatMap(\.headers) + (hook.delivery.map { [$0] } ?? [])
        let read = Self.read.union(own.map { $0.lowercased() }).subtracting((hook.proof?.headers ?? []).map { $0.lowercased() })
        let headers = headers.filter { read.contains($0.key) && $0.value.utf8.count <= 1000 && !$0.value.utf8.contains(0) }
        return NewDelivery(
            source: hook.name, name: name(for: hook), event: event, headers: headers, size: body.count,
            body: body.count <= limit ? [UInt8](body) : nil)
    }

    init(_ kept: KeptDelivery, body: [UInt8]) {
        self.init(headers: kept.headers, body: Data(body))
    }
}
