import ArgumentParser
import Foundation
import Runtime

/// `doorbell migrate`: brings the database to this version's schema.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database to this version's schema, and do nothing else.",
        discussion: "`doorbell up` does the same at its start.")
    @Option(help: "Directory of the database (DOORBELL_DATA_DIR; .doorbell).") var dataDir: String?

    func run() async throws {
        let settings = try Failures.settings(dataDirectory: dataDir, listen: nil)
        try await Failures.translating { try await Migration.run(settings) }
        StandardOutput.write("the database in \(settings.dataDirectory) is up to date\n")
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
        StandardOutput.write("wrote \(path): read it, then run `doorbell up`\n")
    }
}
