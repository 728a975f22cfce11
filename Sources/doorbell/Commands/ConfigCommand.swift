import ArgumentParser
import Domain
import Foundation
import Runtime
import Wire

/// `doorbell config check`, `diff`, `apply`, `history` and `rollback`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check a configuration, have the running Doorbell take it, or see what was in force.",
        discussion: "Environment variables:\n\n" + SettingsHelp.text,
        subcommands: [Check.self, Diff.self, Apply.self, History.self, Rollback.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say everything that is wrong with a configuration, with file, line and column.")
        @Argument(help: "A file, or a directory of them; ./doorbell.yaml when absent.") var path: String?
        @Flag(help: "Print JSON, for programs.") var json = false

        func run() async throws {
            let path = try ConfigCommand.path(path)
            do {
                let loaded = try ConfigurationLoader.load(path: path)
                let configuration = loaded.configuration
                let settings = try Settings(environment: ProcessInfo.processInfo.environment)
                let warnings = ConfigurationWarnings.all(of: configuration, secretsDirectory: settings.secretsDirectory)
                if json {
                    let texts: JSONValue? = warnings.isEmpty ? nil : .array(warnings.map { .string($0) })
                    let data = try JSONEncoder().encode(["problems": JSONValue.array([]), "warnings": texts].compactMapValues { $0 })
                    StandardOutput.write(String(decoding: data, as: UTF8.self) + "\n")
                } else {
                    for warning in warnings { StandardError.write("warning: \(warning)\n") }
                    StandardOutput.write(
                        "\(path) is good: \(Phrases.count(configuration.sourceNames.count, "source")), "
                            + "\(Phrases.count(configuration.schedulers.count, "scheduler")), \(Phrases.count(configuration.builders.count, "builder"))\n"
                    )
                }
            } catch let error as ConfigurationProblems {
                if json {
                    let problems = error.problems.map { problem in
                        JSONValue.object([
                            "file": .string(problem.file), "line": .integer(Int64(problem.line)), "column": .integer(Int64(problem.column)),
                            "text": .string(problem.text),
                        ])
                    }
                    let data = try JSONEncoder().encode(JSONValue.object(["problems": .array(problems)]))
                    StandardOutput.write(String(decoding: data, as: UTF8.self) + "\n")
                } else {
                    StandardError.write(error.description + (error.description.hasSuffix("\n") ? "" : "\n"))
                }
                throw ExitCode(CommandFailure.Status.configuration.rawValue)
            }
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have the running Doorbell take a configuration: all of it or, when something is wrong, none.",
            discussion: """
                Sends the named files to any replica; no shared file system is needed. Without a name, the `doorbell up` that answers reads the \
                file it was started with again, as on SIGHUP.
                """)
        @Argument(help: "A file, or a directory of them.") var path: String?
        @OptionGroup var client: ClientOptions
        @OptionGroup var revision: RevisionOptions

        func run() async throws {
            guard let path else {
                guard revision.expect == nil else { throw CommandFailure(.usage, "--expect needs the name of a file") }
                return try await client.client().ask(
                    "/api/v1/config/reload", body: [String: String](), json: client.json, print: ConfigCommand.sentence)
            }
            do {
                // What is wrong is told here, with the names as they were typed, before anything is sent.
                _ = try ConfigurationLoader.load(path: path)
                let files = try ConfigurationLoader.texts(path: path).map { ConfigurationBody.File(name: $0.name, text: $0.text) }
                let body = ConfigurationBody(files: files, expect: revision.expected, by: revision.author)
                try await client.client().ask("/api/v1/config", body: body, json: client.json, print: ConfigCommand.sentence)
            } catch let problems as ConfigurationProblems {
                throw CommandFailure(.configuration, problems.description)
            }
        }
    }

    static func sentence(_ answer: Document) -> String {
        answer["changed"].isTrue ? "configuration \(answer["id"].text) is in force\n" : "nothing has changed\n"
    }

    static func path(_ given: String?) throws -> String {
        if let given { return given }
        guard let found = ConfigurationLoader.defaultPath() else {
            throw CommandFailure(.configuration, "there is no doorbell.yaml here: name a file, or write one with `doorbell init`")
        }
        return found
    }
}
