import Foundation

/// What git is told beside its arguments, so that it neither asks, nor runs hooks, nor uses transports that run programs.
struct GitSettings: Sendable {
    /// Of the worker's own environment, what git needs to reach repositories.
    static let inherited = [
        "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY",
        "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy",
    ]

    /// What a repository's own configuration, which an earlier build may have written, cannot change.
    private static let firm = [(key: "core.hooksPath", value: "/dev/null"), (key: "core.fsmonitor", value: "false")]

    /// The global configuration: the user's own, with ours over it. Local commands that git starts for a fetch read it too, unlike `-c`.
    static func globalConfiguration(home: String?) -> String {
        let own = home.map { "[include]\n\tpath = \(quoted($0 + "/.config/git/config"))\n\tpath = \(quoted($0 + "/.gitconfig"))\n" } ?? ""
        return own + """
            [core]
            \thooksPath = /dev/null
            \tfsmonitor = false
            [safe]
            \tdirectory = *
            [protocol "ext"]
            \tallow = never
            [protocol "fd"]
            \tallow = never
            [gc]
            \tautoDetach = false
            \tpruneExpire = never
            [maintenance]
            \tautoDetach = false
            [advice]
            \tdetachedHead = false
            [submodule]
            \trecurse = false
            [fetch]
            \trecurseSubmodules = false

            """
    }

    /// The environment of git; `configuration` is the file with the text above, `ceiling` where the search for a repository ends.
    static func environment(
        base: [String: String], own: [String: String], step: [String: String], address: RepositoryAddress, credential: GitCredential?,
        configuration: String, ceiling: String
    ) -> [String: String] {
        var result = base.merging(own.filter { inherited.contains($0.key) }) { _, new in new }
        if result["GIT_SSH_COMMAND"] == nil { result["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes" }
        result.merge(step) { _, new in new }
        let fixed = [
            "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": configuration, "GIT_CEILING_DIRECTORIES": ceiling,
            // A submodule may not reach into the worker's disk unless the repository itself is there.
            "GIT_ALLOW_PROTOCOL": address.transport == .file ? "file:https:http:ssh:git" : "https:http:ssh:git", "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C.UTF-8",
        ]
        result.merge(fixed) { _, new in new }
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"] {
            result[name] = nil
        }
        for (place, setting) in firm.enumerated() {
            result["GIT_CONFIG_KEY_\(place)"] = setting.key
            result["GIT_CONFIG_VALUE_\(place)"] = setting.value
        }
        result["GIT_CONFIG_COUNT"] = String(firm.count)
        if let credential { result.merge(credential.environment) { _, new in new } }
        return result
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }
}
