import ArgumentParser
import Domain
import Foundation
import Wire

/// `doorbell change submit`: tells Doorbell of a change, from a script or by hand.
struct ChangeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "change", abstract: "Submit a change.", subcommands: [Submit.self])

    struct Submit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Submit a change; prints its number once it is durable.",
            discussion: """
                What is not given is taken from the working copy in the current directory, of git or Mercurial: where it came from (or its path), branch, \
                the commit that is checked out, its author, comments and files. The same --dedupe-key again is the same change; without one, branch and revision make it.
                """)

        @OptionGroup var client: ClientOptions
        @Option(help: "The project.") var project: String?
        @Option(help: "The repository to check out.") var repository: String?
        @Option(help: "The branch.") var branch: String?
        @Option(help: "The revision.") var revision: String?
        @Option(help: "Who made it.") var author: String?
        @Option(help: "What it is.") var comments: String?
        @Option(name: .customLong("file"), help: "A file that it changes; may be repeated.") var files: [String] = []
        @Option(help: "A word to filter by.") var category: String?
        @Option(name: [.customLong("property"), .customShort("p")], help: "NAME=VALUE for the steps; may be repeated.") var properties: [String] = []
        @Option(help: "What makes a repeat of this change recognisable.") var dedupeKey: String?

        func run() async throws {
            let copy = WorkingCopy.around(FileManager.default.currentDirectoryPath)
            guard let repository = repository ?? copy?.repository else { throw missing("repository") }
            guard let branch = branch ?? copy?.branch else { throw missing("branch") }
            guard let revision = revision ?? copy?.revision else { throw missing("revision") }
            // What is told of the commit that is checked out is not said of another.
            let commit = copy.flatMap { $0.revision == revision ? $0 : nil }
            let submission = ChangeSubmission(
                project: project ?? URL(fileURLWithPath: repository).deletingPathExtension().lastPathComponent, repository: repository,
                branch: branch, revision: revision, author: author ?? commit?.author,
                comments: comments ?? commit?.comments, files: files.isEmpty ? commit?.files : files,
                category: category, properties: properties.isEmpty ? nil : try ForceCommand.values(of: properties),
                dedupeKey: dedupeKey ?? "submit:\(repository):\(branch):\(revision)")
            try await client.client().ask("/api/v1/changes", body: submission, json: client.json) { answer in
                answer["id"].isAbsent
                    ? "the database is away; the change is kept until it is back, as chain \(answer["chain"].text)\n"
                    : "change \(answer["id"].text)\n"
            }
        }

        private func missing(_ field: String) -> CommandFailure {
            CommandFailure(.usage, "no --\(field) was given, and the current directory is no working copy of git or Mercurial that would tell")
        }
    }
}
