import Crypto
import Domain
import Foundation
import HTTPDoor

/// Whether a call was made by somebody who knows the secret. Nothing of the body is looked at before.
struct HookSignature: Sendable {
    let proof: HookProof
    /// Any of them will do, so that a secret can be replaced without a gap.
    let secrets: [String]

    /// What can be told without the body: whether a code is there at all, or the token is right.
    func checkHeaders(of delivery: HookDelivery) throws(HookRefusal) { _ = try code(of: delivery) }

    func check(_ delivery: HookDelivery) throws(HookRefusal) {
        guard let (code, algorithm) = try code(of: delivery) else { return }
        let isRight = secrets.contains { secret in
            let key = SymmetricKey(data: Data(secret.utf8))
            return switch algorithm {
            case .sha256: HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: delivery.body, using: key)
            case .sha512: HMAC<SHA512>.isValidAuthenticationCode(code, authenticating: delivery.body, using: key)
            }
        }
        guard isRight else { throw Self.wrong }
    }

    /// What the body was signed with; nil where a token that is right stands for it.
    private func code(of delivery: HookDelivery) throws(HookRefusal) -> (bytes: [UInt8], algorithm: HookProof.Algorithm)? {
        guard let header = delivery.header(proof.headers) else {
            throw .unsigned("there is no \(proof.headers.joined(separator: " or ")): give the webhook the source's secret")
        }
        switch proof {
        case .token:
            guard secrets.contains(where: { ConstantTime.isEqual($0, header) }) else { throw Self.wrong }
            return nil
        case .signature(_, let algorithm, let prefix):
            guard header.hasPrefix(prefix), let code = Self.bytes(header.dropFirst(prefix.count), algorithm.length) else { throw Self.wrong }
            return (code, algorithm)
        }
    }

    private static let wrong = HookRefusal.unsigned("it was signed with another secret than this source has")

    /// Two hexadecimal digits a byte.
    private static func bytes(_ text: Substring, _ length: Int) -> [UInt8]? {
        guard text.utf8.count == 2 * length else { return nil }
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue.map(UInt8.init) }
        guard digits.count == 2 * length else { return nil }
        return stride(from: 0, to: 2 * length, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension HookProof.Algorithm {
    /// Bytes of a code.
    fileprivate var length: Int {
        switch self {
        case .sha256: SHA256.byteCount
        case .sha512: SHA512.byteCount
        }
    }
}
