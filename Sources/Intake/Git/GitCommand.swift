import CProcess
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

    /// Runs to the end, on a thread of its own.
    /// - Throws: `GitFailure` when it could not run, took too long, said too much, or exited with another status than 0.
    func run(_ arguments: [String], in directory: String? = nil, input: [UInt8] = []) async throws -> [UInt8] {
        let stop = StopPipe()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Blocking calls: never on the cooperative pool.
                Thread.detachNewThread {
                    continuation.resume(with: Result { try runBlocking(arguments, in: directory, input: input, stop: stop) })
                }
            }
        } onCancel: {
            stop.ask()
        }
    }

    private func runBlocking(_ arguments: [String], in directory: String?, input: [UInt8], stop: StopPipe) throws -> [UInt8] {
        let words =
            ["git", "-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*", "-c", "core.fsmonitor=false"]
            + arguments
        let source = try InputFile(input)
        defer { source.close() }
        var guardian = doorbell_guard()
        let code = withCStrings(words) { argv in
            withCStrings(environment) { envp in
                withOptionalCString(directory) { path in
                    "/usr/bin/git".withCString { program in
                        var request = doorbell_guard_request(
                            program: program, arguments: argv, environment: envp, directory: path, input: source.descriptor, separate_errors: 1,
                            keep: -1, grace_ms: 500, leftover_grace_ms: 200)
                        return doorbell_guard_spawn(&request, &guardian)
                    }
                }
            }
        }
        guard code == 0 else { throw GitFailure("git cannot be started: \(String(cString: strerror(code)))") }
        var collector = GitOutput(guardian: guardian, limit: outputLimit, deadline: .now + timeout, timeout: timeout, stop: stop)
        let result = Result { try collector.collect() }
        collector.close()
        doorbell_guard_reap(guardian.process)
        return try result.get()
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

/// Why git did not do what it was asked; one line for people, without control characters.
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

private func withCStrings<Result>(_ words: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    // Never empty, since the terminating null is there: the address exists.
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}

private func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
}
