import Crypto
import Domain
import Foundation

/// What messages to an endpoint are signed with, as Standard Webhooks say.
struct WebhookSecret: Sendable {
    private let key: SymmetricKey

    /// - Parameter text: `whsec_` and Base64, or the bytes themselves; nil when there are none.
    init?(_ text: String) {
        let prefix = "whsec_"
        let bytes = text.hasPrefix(prefix) ? Data(base64Encoded: String(text.dropFirst(prefix.count))) : Data(text.utf8)
        guard let bytes, !bytes.isEmpty else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// Read at each use, so that a new one needs no restart: the first line.
    static func read(_ reference: CredentialReference) -> WebhookSecret? {
        let text: String?
        switch reference {
        case .file(let path): text = try? String(contentsOfFile: path, encoding: .utf8)
        case .environment(let name): text = ProcessInfo.processInfo.environment[name]
        }
        return text?.split(whereSeparator: \.isNewline).first.flatMap { WebhookSecret(String($0)) }
    }

    func signature(id: String, time: String, body: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Data("\(id).\(time).".utf8))
        code.update(data: body)
        return "v1," + Data(code.finalize()).base64EncodedString()
    }
}
