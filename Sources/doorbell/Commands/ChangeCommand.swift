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
                What is not given is taken from the git repository in the current directory: its origin (or path), branch, newest commit, author, \
                comments and files. The same --dedupe-key again is the same change; without one, branch and revision make it.
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
            let copy = WorkingCopy(directory: FileManager.default.currentDirectoryPath)
            guard let repository = repository ?? copy.repository else { throw missing("repository") }
            guard let branch = branch ?? copy.branch else { throw missing("branch") }
            guard let revision = revision ?? copy.revision else { throw missing("revision") }
            let isCopys = revision == copy.revision
            let submission = ChangeSubmission(
                project: project ?? URL(fileURLWithPath: repository).deletingPathExtension().lastPathComponent, repository: repository,
                branch: branch, revision: revision, author: author ?? (isCopys ? copy.author : nil),
                comments: comments ?? (isCopys ? copy.comments : nil), files: files.isEmpty ? (isCopys ? copy.files : nil) : files,
                category: category, properties: properties.isEmpty ? nil : try ForceCommand.values(of: properties),
                dedupeKey: dedupeKey ?? "submit:\(repository):\(branch):\(revision)")
            try await client.client().ask("/api/v1/changes", body: submission, json: client.json) { answer in
                answer["id"].isAbsent
                    ? "the database is away; the change is kept until it is back, as chain \(answer["chain"].text)\n"
                    : "change \(answer["id"].text)\n"
            }
        }

        private func missing(_ field: String) -> CommandFailure {
            CommandFailure(.usage, "no --\(field) was given, and the current directory is no git repository that would tell")
        }
    }
}

/// What the git repository around a directory says of its newest commit.
struct WorkingCopy {
    let directory: String

    var isRepository: Bool { git("rev-parse", "--git-dir") != nil }
    var repository: String? { git("remote", "get-url", "origin") ?? git("rev-parse", "--show-toplevel") }
    var branch: String? { git("symbolic-ref", "--short", "HEAD") }
    var revision: String? { git("rev-parse", "HEAD") }
    var author: String? { git("log", "-1", "--format=%an <%ae>") }
    var comments: String? { git("log", "-1", "--format=%B") }
    var files: [String]? { git("show", "--format=", "--name-only", "HEAD")?.split(separator: "\n").map(String.init) }

    private func git(_ arguments: String...) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", directory] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil, let data = try? output.fileHandleForReading.readToEnd() else { return nil }
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return process.terminationStatus == 0 && !text.isEmpty ? text : nil
    }
}
