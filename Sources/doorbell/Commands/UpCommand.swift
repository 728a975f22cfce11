import ArgumentParser
import Foundation
import Runtime

/// `doorbell up`: everything in one process.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run everything in one process: intake, scheduling, dispatch, a worker and the web page.",
        discussion: """
            Needs no database server, no broker and no account. The first Ctrl-C drains (running builds are given back and built at the next \
            start), a second one stops at once. SIGHUP reads the configuration again. `doorbell help config` lists the environment variables.
            """)

    @Argument(help: "The configuration: a file, or a directory of them; ./doorbell.yaml when absent.") var config: String?
    @Flag(help: "End after the first buildset, with its outcome as exit status: 0 good, 1 failure, 2 exception, 3 cancelled.") var once = false
    @Option(help: ArgumentHelp("Builds that the embedded worker runs at once; 0 runs no embedded worker.", valueName: "count")) var slots = 2
    @Option(name: .customLong("label"), help: "NAME=VALUE for the embedded worker, besides os, arch and host; may be repeated.")
    var labels: [String] = []
    @Flag(help: "Let the embedded worker build also what anybody may have written: pull requests from other repositories.") var acceptUntrusted =
        false
    @Option(help: "Directory of the database, logs, mirrors and working directories (DOORBELL_DATA_DIR; .doorbell).") var dataDir: String?
    @Option(help: "HOST:PORT of the web page, the API and the workers (DOORBELL_LISTEN; 127.0.0.1:8010).") var listen: String?
    @Flag(help: "Print no progress, only log lines.") var quiet = false

    func validate() throws {
        guard (0...1000).contains(slots) else { throw ValidationError("--slots is \(slots), expected 0 to 1000") }
    }

    func run() async throws {
        let path: String
        if let config {
            path = config
        } else if let found = ConfigurationLoader.defaultPath() {
            path = found
        } else {
            StandardError.write(ConfigurationTemplate.explanation)
            throw ExitCode(CommandFailure.Status.configuration.rawValue)
        }
        let settings = try Failures.settings(dataDirectory: dataDir, listen: listen)
        var extra: [String: String] = [:]
        for label in labels {
            let words = label.split(separator: "=", maxSplits: 1).map(String.init)
            guard words.count == 2 else { throw CommandFailure(.usage, "a label is NAME=VALUE, found \(Table.printable(label))") }
            extra[words[0]] = words[1]
        }
        let options = UpOptions(
            configurationPath: path, once: once, slots: slots, labels: extra, acceptsUntrusted: acceptUntrusted, progress: !quiet,
            terminal: StandardOutput.isTerminal)
        let status = try await Failures.translating { try await UpApplication(settings: settings, options: options).run() }
        if status != 0 { throw ExitCode(status) }
    }
}

/// `doorbell migrate`: brings the database to this version's schema.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database to this version's schema, and do nothing else.",
        discussion: "`doorbell up` does the same at its start.")
    @Option(help: "Directory of the database (DOORBELL_DATA_DIR; .doorbell).") var dataDir: String?

    func run() async throws {
        let settings = try Failures.settings(dataDirectory: dataDir, listen: nil)
        let place = try await Failures.translating { try await Migration.run(settings) }
        StandardOutput.write("the database is up to date (\(place))\n")
    }
}

/// `doorbell init`: writes a configuration that works in this repository.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a commented doorbell.yaml that works in this git repository.")
    @Option(help: "The repository; the current directory when absent.") var repository: String = "."

    func run() async throws {
        let path = repository == "." ? "doorbell.yaml" : repository + "/doorbell.yaml"
        let text = ConfigurationTemplate.make(forRepositoryAt: repository)
        do {
            // Exclusive: a file that somebody wrote is never overwritten.
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        } catch CocoaError.fileWriteFileExists {
            throw CommandFailure(.data, "\(path) is there already: edit it, or move it away first")
        } catch {
            throw CommandFailure(.unavailable, "\(path) cannot be written: \(error.localizedDescription)")
        }
        if WorkingCopy.around(repository)?.system == .git {
            StandardOutput.write("wrote \(path): read it, then run `doorbell up`\n")
        } else {
            StandardOutput.write("wrote \(path): this is no git repository, so name one at `git:` in it, then run `doorbell up`\n")
        }
    }
}
