import Crypto
import FoundationEssentials

/// A token as its holder has it: `dbl_ID_SECRET`. The id finds it, the secret proves it: 32 random bytes as 43 letters, digits, `-` and `_`.
public struct TokenText: Hashable, Sendable {
    public var id: TokenID
    public var secret: String

    private static let prefix = "dbl_"
    private static let secretLength = 43
    /// The longest text that can be one.
    private static let longest = 4 + 19 + 1 + secretLength

    public init(id: TokenID, secret: String) {
        self.id = id
        self.secret = secret
    }

    /// Nil for anything that no store has given out.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.longest, text.hasPrefix(Self.prefix) else { return nil }
        let rest = text.dropFirst(Self.prefix.count)
        // The secret may hold the separator too; the id cannot.
        guard let end = rest.firstIndex(of: "_"), let number = Int64(rest[..<end]), number >= 0, String(number) == rest[..<end] else { return nil }
        let secret = rest[rest.index(after: end)...]
        guard secret.utf8.count == Self.secretLength, secret.utf8.allSatisfy(Self.isSecretByte) else { return nil }
        self.init(id: TokenID(number), secret: String(secret))
    }

    public var text: String { "\(Self.prefix)\(id)_\(secret)" }

    /// What a store keeps of the secret: SHA-256 in hexadecimal. It is random and long, so that nothing slower is needed.
    public var hash: String { Self.hash(of: secret) }

    public static func hash(of secret: String) -> String { Array(SHA256.hash(data: Data(secret.utf8))).hexadecimal }

    /// 32 bytes of the system's random numbers.
    public static func randomSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func isSecretByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
