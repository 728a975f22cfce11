import Foundation

/// One call of a forge, before anything of it is believed.
struct HookDelivery: Sendable {
    /// Names in lower case.
    var headers: [String: String]
    var body: Data

    /// What the forge calls this delivery; a repeat of it has the same name.
    var name: String? {
        header("x-github-delivery", "x-forgejo-delivery", "x-gitea-delivery", "idempotency-key", "x-gitlab-event-uuid").map { name in
            String(decoding: name.utf8.filter { $0 > 32 && $0 < 127 }.prefix(100), as: UTF8.self)
        }
    }

    func header(_ names: String...) -> String? { names.lazy.compactMap { headers[$0] }.first }
}
