import Foundation

/// What a `git:` of the configuration points to, judged before git ever sees it.
enum GitLocation: Equatable {
    case remote
    case local
    /// With what was expected instead.
    case refused(String)

    private static let schemes = ["https", "http", "ssh", "git", "file"]

    init(_ text: String) {
        self = Self.judged(text)
    }

    private static func judged(_ text: String) -> GitLocation {
        guard !text.isEmpty, text.utf8.count <= 2000, !text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
            return .refused("a URL or a path of 1 to 2000 bytes without control characters")
        }
        if text.hasPrefix("-") { return .refused("a URL or a path: git would take a leading \"-\" for an option") }
        if let scheme = text.range(of: "://") {
            return judged(scheme: text[..<scheme.lowerBound].lowercased(), rest: text[scheme.upperBound...])
        }
        let beforeSlash = text.prefix { $0 != "/" }
        // As git itself: a colon before the first slash means a host (`user@host:path`) or a transport (`ext::command`).
        guard let colon = beforeSlash.firstIndex(of: ":") else {
            return text.hasPrefix("~") ? .refused("the whole path: \"~\" is known to shells only") : .local
        }
        if text[colon...].hasPrefix("::") { return .refused("a plain URL: transports such as ext:: run commands and are not allowed") }
        let host = text[..<colon].split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        if host.isEmpty || host.hasPrefix("-") { return .refused("a host before the colon, as in user@host:path") }
        return .remote
    }

    private static func judged(scheme: String, rest: Substring) -> GitLocation {
        if scheme.contains("::") { return .refused("a plain URL: transports such as ext:: run commands and are not allowed") }
        guard schemes.contains(scheme) else { return .refused("a URL of " + schemes.map { "\($0)://" }.joined(separator: ", ") + " or a path") }
        let authority = rest.prefix { $0 != "/" }
        if scheme == "file" { return rest.hasPrefix("/") ? .remote : .refused("file:// and an absolute path") }
        let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
        let host = parts.last ?? ""
        if host.isEmpty || host.hasPrefix("-") || authority.hasPrefix("-") { return .refused("a host after \(scheme)://") }
        if parts.count > 1, scheme != "ssh" || parts[0].contains(":") {
            return .refused("a URL without user and password: give them with \"credential\", by the name of a file or an environment variable")
        }
        return .remote
    }

    /// A URL as it can be shown: what stands before the `@` of its host may be a password.
    static func withoutSecrets(_ text: String) -> String {
        guard let scheme = text.range(of: "://"), let at = text[scheme.upperBound...].prefix(while: { $0 != "/" }).lastIndex(of: "@") else {
            return text
        }
        return text[..<scheme.upperBound] + "…" + text[at...]
    }

    /// A local path seen from a directory, without `.` and `..`.
    static func absolute(_ path: String, from directory: String) -> String {
        var parts: [Substring] = []
        for part in (path.hasPrefix("/") ? path : directory + "/" + path).split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
