import Domain
import Foundation

/// Runs hg under the guard: bounded in time and output, with no configuration but ours, so that neither the machine nor any repository has it load an
/// extension or run a hook.
struct MercurialCommand: Sendable {
    /// Lines of configuration with the credential; they travel in a file without a name, not in an argument or the environment.
    let secrets: [String]
    /// Where the extension is put that goes with them.
    let extensionPath: String
    let timeout: Duration
    /// The most bytes of output that are kept; more ends the command.
    var outputLimit = 64 << 20

    private static let settings = [
        "[ui]", "interactive = no", "timeout = 10", "ssh = ssh -oBatchMode=yes -oConnectTimeout=20",
    ]

    /// - Throws: `GitFailure` when it could not run, took too long, said too much, or exited with another status than 0.
    func run(_ arguments: [String]) async throws -> [UInt8] {
        var lines = Self.settings + secrets
        if !secrets.isEmpty {
            try MercurialRedirects.program.write(toFile: extensionPath, atomically: true, encoding: .utf8)
            lines += MercurialRedirects.configuration(extensionPath)
        }
        return try await GuardedProgram(
            name: "hg", path: "/usr/bin/hg", words: ["hg", "--noninteractive"] + arguments, environment: environment, directory: "/",
            // Read as a file, by its only name.
            input: Array(lines.map { $0 + "\n" }.joined().utf8), outputLimit: outputLimit, timeout: timeout
        ).run()
    }

    private var environment: [String] {
        let inherited = ProcessInfo.processInfo.environment
        var variables = [
            "PATH": inherited["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HGPLAIN": "1", "HGENCODING": "UTF-8", "HGENCODINGMODE": "replace",
            // Our lines only; and nothing of what a repository says for itself, not even of one on this machine.
            "HGRCPATH": "/dev/stdin", "HGRCSKIPREPO": "1", "PYTHONDONTWRITEBYTECODE": "1",
        ]
        // Keys and known hosts of ssh.
        for name in ["HOME", "USER", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy"] { variables[name] = inherited[name] }
        return variables.map { "\($0.key)=\($0.value)" }
    }
}

extension MercurialCommand {
    /// A command that can answer a remote's question for a user and password. They are for the remote's own origin: wherever that leads on to, it is not told.
    ///
    /// - Parameter mirror: beside it lies what goes with them.
    init(credential: CredentialReference?, for remote: String, mirror: String, timeout: Duration) {
        var lines: [String] = []
        if let secret = credential.flatMap(GitCommand.read), let origin = GitCommand.origin(of: remote), secret.utf8.allSatisfy({ $0 >= 32 }) {
            let words = secret.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            lines = [
                "[auth]", "doorbell.prefix = \(origin)", "doorbell.username = \(words.count == 2 ? words[0] : "token")",
                "doorbell.password = \(words.last ?? "")",
            ]
        }
        self.init(secrets: lines, extensionPath: mirror + ".redirects.py", timeout: timeout)
    }
}
