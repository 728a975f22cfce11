import ArgumentParser
import Domain
import Foundation

/// `doorbell force BUILDER`: a build by hand.
struct ForceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "force", abstract: "Build something now, by hand.",
        discussion:
            "Without --repository and --branch it builds the newest change's; without --revision, the tip of the branch. "
            + "`doorbell builders BUILDER` shows which properties it takes.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The builder's name.") var builder: String
    @Option(help: "The repository to check out.") var repository: String?
    @Option(help: "The branch.") var branch: String?
    @Option(help: "The revision.") var revision: String?
    @Option(name: .customLong("codebase-branch"), help: "CODEBASE=BRANCH, of several codebases; may be repeated.") var branches: [String] = []
    @Option(name: .customLong("codebase-revision"), help: "CODEBASE=REVISION, likewise.") var revisions: [String] = []
    @Option(help: "Why, for those who look at the build.") var reason: String?
    @Option(help: "Higher is sooner.") var priority: Int?
    @Option(name: [.customLong("property"), .customShort("p")], help: "NAME=VALUE for the steps; may be repeated.") var properties: [String] = []

    func run() async throws {
        var fields: [String: JSONValue] = [:]
        fields["repository"] = repository.map(JSONValue.string)
        fields["branch"] = branch.map(JSONValue.string)
        fields["revision"] = revision.map(JSONValue.string)
        fields["reason"] = reason.map(JSONValue.string)
        fields["priority"] = priority.map { .integer(Int64($0)) }
        if !properties.isEmpty { fields["properties"] = .object(try Self.values(of: properties)) }
        var codebases: [String: [String: JSONValue]] = [:]
        for (name, branch) in try Self.values(of: branches, "a codebase's branch is CODEBASE=BRANCH") {
            codebases[name, default: [:]]["branch"] = branch
        }
        for (name, revision) in try Self.values(of: revisions, "a codebase's revision is CODEBASE=REVISION") {
            codebases[name, default: [:]]["revision"] = revision
        }
        if !codebases.isEmpty { fields["codebases"] = .object(codebases.mapValues { .object($0) }) }
        let path = "/api/v1/builders/\(APIClient.escape(builder))/force"
        try await client.client().ask(path, body: fields, idempotencyKey: UUID().uuidString, json: client.json) { answer in
            "buildset \(answer["buildset"].text), request \(answer["request"].text)\n"
        }
    }

    static func values(of words: [String], _ expectation: String = "a property is NAME=VALUE") throws -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        for word in words {
            guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
                throw CommandFailure(.usage, "\(expectation), found \(Table.printable(word))")
            }
            values[String(word[..<equals])] = .string(String(word[word.index(after: equals)...]))
        }
        return values
    }
}
