import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals
import Wire
import WorkerAgent

/// The program that runs builds: small, with no database and no broker.
@main
struct DoorbellWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doorbell-worker",
        abstract: "Claims builds from a Doorbell dispatcher and runs their steps.",
        discussion: """
            The first INT or TERM claims nothing more, lets builds go on for --drain-timeout, then gives them back to be run elsewhere. A second \
            one ends everything at once. No step outlives the worker, however it ends.

            The token of --token-file, or in DOORBELL_TOKEN, is shown to dispatchers that ask for one. DOORBELL_LOG_LEVEL is one of trace, debug, info, notice, warning, error, \
            critical.
            """,
        version: ProductVersion.current)

    /// As a shell says that an interrupt ended a program.
    private static let stoppedAtOnce: Int32 = 130

    @Option(name: .customLong("url"), help: "A dispatcher, or several, separated by commas. (default: $DOORBELL_URL, else http://127.0.0.1:8010)")
    var urls: [String] = []

    @Option(help: "The worker's name, which no other worker has. (default: the host's name)")
    var name: String?

    @Option(help: "How many builds it runs at a time.")
    var slots: Int = 1

    @Option(name: .customLong("label"), help: "What it is, as NAME=VALUE; repeat it for more. os and arch are known by themselves.")
    var labels: [String] = []

    @Flag(help: "Build also what anybody may have written: pull requests from other repositories.")
    var acceptUntrusted = false

    @Option(help: "A file whose first line is its token. (default: $DOORBELL_TOKEN_FILE, else the token in $DOORBELL_TOKEN)")
    var tokenFile: String?

    @Option(help: "Its mirrors, working directories and waiting output. (default: $DOORBELL_DATA_DIR, else .doorbell-worker)")
    var dataDir: String?

    @Option(help: "How many seconds running builds may go on after the worker was told to stop.")
    var drainTimeout: Int = 0

    @Option(help: "The most megabytes of output that may wait on the disk. (default: as many as there are)")
    var spoolLimit: Int?

    func validate() throws {
        guard (1...1000).contains(slots) else { throw ValidationError("--slots is \(slots), expected 1 to 1000") }
        guard (0...604_800).contains(drainTimeout) else { throw ValidationError("--drain-timeout is \(drainTimeout), expected 0 to 604800 seconds") }
        if let spoolLimit, !(1...1_000_000_000).contains(spoolLimit) {
            throw ValidationError("--spool-limit is \(spoolLimit), expected 1 to 1000000000 megabytes")
        }
        _ = try parsedLabels()
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let logger = try Self.logger(environment)
        let configuration = WorkerConfiguration(
            urls: addresses(environment), name: name ?? ProcessInfo.processInfo.hostName, labels: try parsedLabels(),
            acceptsUntrusted: acceptUntrusted, slots: slots,
            dataDirectory: dataDir ?? Self.variable("DOORBELL_DATA_DIR", environment) ?? ".doorbell-worker",
            token: try token(environment), version: ProductVersion.current, drainTimeout: .seconds(drainTimeout),
            environment: environment, spoolLimit: spoolLimit.map { Int64($0) * 1_000_000 })
        do {
            try await Self.run(WorkerAgent(configuration: configuration, logger: logger), logger: logger)
        } catch let error as WorkerError {
            FileHandle.standardError.write(Data("doorbell-worker: \(error.message)\n".utf8))
            throw ExitCode(error.exitStatus)
        }
    }

    /// Until it ends by itself or by signals: the first asks it to stop, the second makes it.
    private static func run(_ worker: WorkerAgent, logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                var isSecond = false
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                    if isSecond { throw ExitCode(stoppedAtOnce) }
                    isSecond = true
                    await group.triggerGracefulShutdown()
                }
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func addresses(_ environment: [String: String]) -> [String] {
        let given = urls.isEmpty ? [Self.variable("DOORBELL_URL", environment) ?? "http://127.0.0.1:8010"] : urls
        return given.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// From a file, so that it stands in no list of processes.
    private func token(_ environment: [String: String]) throws -> String? {
        guard let path = tokenFile ?? Self.variable("DOORBELL_TOKEN_FILE", environment) else { return Self.variable("DOORBELL_TOKEN", environment) }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let line = text.split(whereSeparator: \.isNewline).first else {
            FileHandle.standardError.write(Data("doorbell-worker: there is no token in \(path): its first line is the token\n".utf8))
            throw ExitCode(78)
        }
        return String(line)
    }

    private func parsedLabels() throws -> [String: String] {
        var result = WorkerConfiguration.defaultLabels
        for label in labels {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { throw ValidationError("--label is “\(label)”, expected NAME=VALUE") }
            result[String(parts[0])] = String(parts[1])
        }
        return result
    }

    private static func variable(_ name: String, _ environment: [String: String]) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func logger(_ environment: [String: String]) throws -> Logger {
        let text = variable("DOORBELL_LOG_LEVEL", environment) ?? "info"
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("DOORBELL_LOG_LEVEL is “\(text)”, expected one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        var logger = Logger(label: "doorbell-worker") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
