/// The host of a `Host` header, without its port.
struct HostName: Hashable {
    /// In lower case; an IPv6 address without its brackets.
    let name: String
    let isAddress: Bool

    init?(authority: String) {
        guard !authority.isEmpty, authority.utf8.count <= 260 else { return nil }
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let address = authority[authority.index(after: authority.startIndex)..<end]
            guard Self.isPort(authority[authority.index(after: end)...]), address.utf8.count >= 2, address.utf8.allSatisfy(Self.isIPv6Byte) else {
                return nil
            }
            name = address.lowercased()
            isAddress = true
        } else {
            let host = authority.prefix { $0 != ":" }
            guard !host.isEmpty, Self.isPort(authority[host.endIndex...]), host.utf8.allSatisfy(Self.isNameByte) else { return nil }
            name = host.lowercased()
            isAddress = Self.isIPv4(host)
        }
    }

    /// This machine, whatever it is called elsewhere.
    var isLoopback: Bool {
        name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || (isAddress && name.hasPrefix("127."))
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard !text.isEmpty else { return true }
        return text.first == ":" && UInt16(text.dropFirst()) != nil
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil && !$0.hasPrefix("+") }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isIPv6Byte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
