import Foundation

/// Runs git under the guard: bounded in time and output, with nothing of the machine's configuration that could run another program, and ended with every
/// process it started.
struct GitCommand: Sendable {
    /// Variables on top of the fixed ones: credentials, never arguments.
    var secrets: [String: String] = [:]
    var timeout: Duration
    /// The most bytes of output that are kept; more ends the command.
    var outputLimit = 64 << 20

    /// Protocols that a remote may use; `ext` and its kind run programs.
    private static let protocols = "file:git:http:https:ssh"

    /// Runs to the end.
    /// - Throws: `GitFailure` when it could not run, took too long, said too much, or exited with another status than 0.
    func run(_ arguments: [String], in directory: String? = nil, input: [UInt8] = []) async throws -> [UInt8] {
        let words =
            ["git", "-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*", "-c", "core.fsmonitor=false"]
            + arguments
        return try await GuardedProgram(
            name: "git", path: "/usr/bin/git", words: words, environment: environment, directory: directory, input: input, outputLimit: outputLimit,
            timeout: timeout
        ).run()
    }

    private var environment: [String] {
        let inherited = ProcessInfo.processInfo.environment
        var variables = [
            "PATH": inherited["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ALLOW_PROTOCOL": Self.protocols, "GIT_OPTIONAL_LOCKS": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oConnectTimeout=20",
        ]
        // Keys and known hosts of ssh, and the owner's own git configuration.
        for name in ["HOME", "USER", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy"] { variables[name] = inherited[name] }
        return variables.merging(secrets) { _, new in new }.map { "\($0.key)=\($0.value)" }
    }
}

/// Why git, or hg, did not do what it was asked; one line for people, without control characters.
struct GitFailure: Error, Hashable, CustomStringConvertible {
    let description: String
    /// The command said more than is kept.
    let isTooMuch: Bool

    init(_ text: String, isTooMuch: Bool = false) {
        self.isTooMuch = isTooMuch
        let clean = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : String($0) }.joined()
        description = String(clean.prefix(500))
    }
}
