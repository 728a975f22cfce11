import Crypto
import Domain
import Foundation
import HTTPDoor

/// Whether a call was made by somebody who knows the secret. Nothing of the body is looked at before.
struct HookSignature: Sendable {
    let forge: HookConfiguration.Forge
    /// Any of them will do, so that a secret can be replaced without a gap.
    let secrets: [String]

    /// What can be told without the body: whether a code is there at all, or the token is right.
    func checkHeaders(of delivery: HookDelivery) throws(HookRefusal) { _ = try code(of: delivery) }

    func check(_ delivery: HookDelivery) throws(HookRefusal) {
        guard let code = try code(of: delivery) else { return }
        let isRight = secrets.contains {
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: delivery.body, using: SymmetricKey(data: Data($0.utf8)))
        }
        guard isRight else { throw Self.wrong }
    }

    /// What the body was signed with; nil where a token that is right stands for it.
    private func code(of delivery: HookDelivery) throws(HookRefusal) -> [UInt8]? {
        switch forge {
        case .github: return try code(delivery.header("x-hub-signature-256"), prefix: "sha256=", "X-Hub-Signature-256")
        case .gitea:
            return try code(delivery.header("x-forgejo-signature", "x-gitea-signature"), prefix: "", "X-Gitea-Signature or X-Forgejo-Signature")
        case .gitlab:
            guard let token = delivery.header("x-gitlab-token") else {
                throw .unsigned("there is no X-Gitlab-Token: give the webhook a secret token")
            }
            guard secrets.contains(where: { ConstantTime.isEqual($0, token) }) else { throw Self.wrong }
            return nil
        }
    }

    private func code(_ header: String?, prefix: String, _ name: String) throws(HookRefusal) -> [UInt8] {
        guard let header else { throw .unsigned("there is no \(name): give the webhook a secret") }
        guard header.hasPrefix(prefix), let code = Self.bytes(header.dropFirst(prefix.count)) else { throw Self.wrong }
        return code
    }

    private static let wrong = HookRefusal.unsigned("it was signed with another secret than this source has")

    /// 64 hexadecimal digits.
    private static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue.map(UInt8.init) }
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
