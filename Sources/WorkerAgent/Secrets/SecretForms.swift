import Foundation

/// The texts by which a secret may show in output: itself, its lines, it in Base64, and it as URLs and JSON have it.
enum SecretForms {
    /// A shorter line stands in too much that is no secret.
    static let shortestLine = 4
    /// The bytes that make a line of Base64 in the programs that wrap it, at 64 and at 76 characters.
    private static let wraps = [48, 57]

    static func all(of secret: [UInt8]) -> Set<[UInt8]> {
        let whole = trimmed(secret)
        guard !whole.isEmpty else { return [] }
        var forms: Set<[UInt8]> = [whole]
        let lines = secret.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.map { trimmed(Array($0)) }
        forms.formUnion(lines.filter { $0.count >= shortestLine })
        for base64 in base64(of: whole) {
            forms.insert(base64)
            // As it stands in URLs.
            forms.insert(base64.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 })
        }
        forms.insert(percentEncoded(whole, digits: "0123456789ABCDEF"))
        forms.insert(percentEncoded(whole, digits: "0123456789abcdef"))
        forms.insert(shellQuoted(whole))
        if let text = String(validating: whole, as: UTF8.self), let json = try? JSONEncoder().encode(text) {
            let inner = Array(json.dropFirst().dropLast())
            forms.insert(inner)
            forms.insert(Array(String(decoding: inner, as: UTF8.self).replacing("\\/", with: "/").utf8))
        }
        return forms
    }

    /// As the trace of a shell (`set -x`) writes it between quotation marks.
    private static func shellQuoted(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { $0 == UInt8(ascii: "'") ? Array("'\\''".utf8) : [$0] }
    }

    /// All but RFC 3986's unreserved characters.
    private static func percentEncoded(_ bytes: [UInt8], digits: String) -> [UInt8] {
        let digits = Array(digits.utf8)
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        return bytes.flatMap { plain.contains($0) ? [$0] : [UInt8(ascii: "%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// Whole, wrapped, and the part that is the same whatever stands before and after it, as in the user and password of an HTTP header.
    private static func base64(of secret: [UInt8]) -> [[UInt8]] {
        var found = [Array(Data(secret).base64EncodedString().utf8)]
        for before in 0..<3 {
            let text = Array(Data([UInt8](repeating: 0, count: before) + secret).base64EncodedString().utf8)
            let (start, end) = ((before * 8 + 5) / 6, (before + secret.count) * 8 / 6)
            if end - start >= shortestLine { found.append(Array(text[start..<end])) }
        }
        for wrap in wraps where secret.count > wrap {
            for start in stride(from: 0, to: secret.count, by: wrap) {
                let line = secret[start..<min(secret.count, start + wrap)]
                let text = Array(Data(line).base64EncodedString().utf8)
                let part = line.count == wrap ? text : Array(text.prefix(line.count * 8 / 6))
                if part.count >= shortestLine { found.append(part) }
            }
        }
        return found
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        return Array(bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
