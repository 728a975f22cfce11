import CProcess
import Foundation

/// A program that is run once under the guard, bounded in time and output, and ended with every process it started.
struct GuardedProgram: Sendable {
    /// As messages call it.
    let name: String
    let path: String
    /// Its own name first.
    let words: [String]
    let environment: [String]
    let directory: String?
    let input: [UInt8]
    /// The most bytes of output that are kept; more ends the program.
    let outputLimit: Int
    let timeout: Duration

    /// Runs to the end, on a thread of its own.
    /// - Throws: `GitFailure` when it could not run, took too long, said too much, or exited with another status than 0.
    func run() async throws -> [UInt8] {
        let stop = StopPipe()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Blocking calls: never on the cooperative pool.
                Thread.detachNewThread {
                    continuation.resume(with: Result { try runBlocking(stop: stop) })
                }
            }
        } onCancel: {
            stop.ask()
        }
    }

    private func runBlocking(stop: StopPipe) throws -> [UInt8] {
        let source = try InputFile(input)
        defer { source.close() }
        var guardian = doorbell_guard()
        let code = withCStrings(words) { argv in
            withCStrings(environment) { envp in
                withOptionalCString(directory) { place in
                    path.withCString { program in
                        var request = doorbell_guard_request(
                            program: program, arguments: argv, environment: envp, directory: place, input: source.descriptor, separate_errors: 1,
                            keep: -1, grace_ms: 500, leftover_grace_ms: 200)
                        return doorbell_guard_spawn(&request, &guardian)
                    }
                }
            }
        }
        guard code == 0 else { throw GitFailure("\(name) cannot be started: \(String(cString: strerror(code)))") }
        var collector = GitOutput(name: name, guardian: guardian, limit: outputLimit, deadline: .now + timeout, timeout: timeout, stop: stop)
        let result = Result { try collector.collect() }
        collector.close()
        doorbell_guard_reap(guardian.process)
        return try result.get()
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
