import Foundation

/// Where a repository is, when it is somewhere that git may be sent: what looks like an option or runs a program is refused.
struct RepositoryAddress: Hashable, Sendable {
    struct Refusal: Error, Hashable {
        var problem: String
    }

    enum Transport: String, Hashable, Sendable {
        case https, http, ssh, git, file
    }

    /// As git is told it.
    let text: String
    let transport: Transport
    /// `scheme://host:port`, as git names it when it asks for a password; nil where it asks for none.
    let origin: String?

    init(_ text: String) throws(Refusal) {
        self.text = text
        guard !text.isEmpty else { throw Refusal(problem: "the change names no repository") }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw Refusal(problem: "the repository's address holds a control character")
        }
        let shown = "“\(text.prefix(200))”"
        guard !text.hasPrefix("-") else { throw Refusal(problem: "the repository \(shown) begins with “-”, which git would take for an option") }
        if text.hasPrefix("/") {
            (transport, origin) = (.file, nil)
            return
        }
        guard !text.contains("::") else {
            throw Refusal(problem: "the repository \(shown) asks for a transport that runs a program; use https, ssh, git or a path")
        }
        if let end = text.range(of: "://") {
            let scheme = text[..<end.lowerBound].lowercased()
            guard let transport = Transport(rawValue: scheme) else {
                throw Refusal(problem: "the repository \(shown) uses “\(scheme)”; known are https, http, ssh, git and file")
            }
            self.transport = transport
            origin = try Self.origin(of: text[end.upperBound...], transport, shown: shown)
            return
        }
        guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/"), colon != text.startIndex else {
            throw Refusal(problem: "the repository \(shown) is neither a URL nor an absolute path")
        }
        let host = text[..<colon].split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        guard !host.isEmpty, !host.hasPrefix("-") else { throw Refusal(problem: "the repository \(shown) has no proper host name") }
        (transport, origin) = (.ssh, nil)
    }

    private static func origin(of rest: Substring, _ transport: Transport, shown: String) throws(Refusal) -> String? {
        if transport == .file { return nil }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
        let host = parts.last ?? ""
        guard !host.isEmpty, !host.hasPrefix("-") else { throw Refusal(problem: "the repository \(shown) has no proper host name") }
        guard !parts.dropLast().contains(where: { $0.contains(":") }) else {
            // Not shown: it holds a secret.
            throw Refusal(problem: "the repository's URL holds a password; name a `credential` in the checkout step instead")
        }
        return transport == .https || transport == .http ? "\(transport.rawValue)://\(host)" : nil
    }

    /// The user that the URL names before its host.
    var user: String? {
        guard let origin, let start = text.range(of: "://")?.upperBound else { return nil }
        let authority = text[start...].prefix { $0 != "/" }
        guard !origin.isEmpty, let at = authority.lastIndex(of: "@") else { return nil }
        return String(authority[..<at])
    }
}
