import Domain
import Foundation

extension GitCommand {
    /// A command that can answer a remote's question for a user and password from a file or an environment variable of this process. The secret travels in
    /// git's environment only: not in a URL, an argument, or a file of ours. It is for the remote's own origin: wherever that sends git on to, it is not told.
    init(credential: CredentialReference?, for remote: String, timeout: Duration) {
        var secrets: [String: String] = [:]
        if let secret = credential.flatMap(Self.read), let origin = Self.origin(of: remote) {
            let words = secret.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            secrets["DOORBELL_GIT_USER"] = words.count == 2 ? words[0] : "token"
            secrets["DOORBELL_GIT_PASSWORD"] = words.last ?? ""
            secrets["GIT_CONFIG_COUNT"] = "2"
            // An empty helper first: helpers of the owner's configuration are not asked.
            secrets["GIT_CONFIG_KEY_0"] = "credential.helper"
            secrets["GIT_CONFIG_VALUE_0"] = ""
            secrets["GIT_CONFIG_KEY_1"] = "credential.\(origin).helper"
            secrets["GIT_CONFIG_VALUE_1"] =
                "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$DOORBELL_GIT_USER\" \"$DOORBELL_GIT_PASSWORD\"; }; f"
        }
        self.init(secrets: secrets, timeout: timeout)
    }

    /// `scheme://host:port` of a remote that asks for passwords; nil for every other.
    static func origin(of remote: String) -> String? {
        guard let end = remote.firstRange(of: "://") else { return nil }
        let scheme = remote[..<end.lowerBound].lowercased()
        let host = remote[end.upperBound...].prefix { $0 != "/" }.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return (scheme == "http" || scheme == "https") && !host.isEmpty ? "\(scheme)://\(host)" : nil
    }

    /// The first line of the file, or the variable; nil when there is none, so that the remote's own complaint is what people see.
    static func read(_ reference: CredentialReference) -> String? {
        let text: String?
        switch reference {
        case .file(let path): text = try? String(contentsOfFile: path, encoding: .utf8)
        case .environment(let name): text = ProcessInfo.processInfo.environment[name]
        }
        return text?.split(whereSeparator: \.isNewline).first.map(String.init)
    }
}
