import HTTPTypes
import Hummingbird

/// The cookie of somebody who signed in at the pages. It holds a token of its own, made for that session, and never the one that was shown.
public enum PageSession {
    /// How long one may stay signed in.
    public static let longest: Duration = .seconds(12 * 3600)

    private static let name = "doorbell_session"
    /// Behind TLS: browsers take it from nobody but this host itself.
    private static let secureName = "__Host-doorbell_session"

    static func token(of request: Request) -> String? {
        var values: [String: String] = [:]
        for header in request.headers[values: .cookie] where header.utf8.count <= 8192 {
            for pair in header.split(separator: ";").prefix(100) {
                let parts = pair.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
                if parts.count == 2 { values[parts[0]] = values[parts[0]] ?? parts[1] }
            }
        }
        return values[secureName] ?? values[name]
    }

    /// True when the browser says that its side is TLS: with a write it says where it comes from.
    public static func isSecure(_ request: Request) -> Bool {
        HTTPField.Name("Origin").flatMap { request.headers[$0] }?.lowercased().hasPrefix("https://") ?? false
    }

    /// - Parameter token: nil ends the session.
    public static func cookie(_ token: String?, secure: Bool) -> String {
        "\(secure ? secureName : name)=\(token ?? ""); Path=/; HttpOnly; SameSite=Strict"
            + "; Max-Age=\(token == nil ? 0 : longest.components.seconds)" + (secure ? "; Secure" : "")
    }
}
