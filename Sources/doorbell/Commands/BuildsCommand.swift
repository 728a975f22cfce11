import ArgumentParser
import Domain

/// `doorbell builds`: what was built lately.
struct BuildsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "builds", abstract: "List builds, the newest first.")

    @OptionGroup var client: ClientOptions
    @Option(help: "Only builds of this builder.") var builder: String?
    @Option(help: "Only builds of this branch.") var branch: String?
    @Option(help: "Only builds on this worker.") var worker: String?
    @Option(help: "Only builds that ended so: success, warnings, failure, skipped, exception, cancelled.") var outcome: String?
    @Option(help: "Only builds in this phase: assigned, running, finished.") var phase: String?
    @Option(help: "How many, 1 to 200.") var limit = 20

    func run() async throws {
        let query: [(String, String?)] = [
            ("builder", builder), ("branch", branch), ("worker", worker), ("outcome", outcome), ("phase", phase), ("limit", String(limit)),
        ]
        try await client.client().show("/api/v1/builds", query: query, json: client.json) { page in
            var table = Table("BUILD", "BUILDER", "BRANCH", "REVISION", "OUTCOME", "DURATION", "AGE", "WORKER", "CHANGE")
            for build in page["items"].items { table.rows.append(Self.row(build)) }
            return table.rows.isEmpty ? "no builds\n" : table.render()
        }
    }

    static func row(_ build: Document) -> [String] {
        let stamp = build["stamp"]
        let branch = stamp.isAbsent ? build["branch"].text : stamp["branch"].text
        let revision = stamp.isAbsent ? build["revision"].text : stamp["revision"].text
        return [
            build["id"].text, Phrases.firstLine(build["builder"].text, limit: 30), Phrases.firstLine(branch, limit: 30),
            Phrases.revision(revision.isEmpty ? nil : revision),
            build["outcome"].isAbsent ? build["phase"].text : build["outcome"].text,
            Phrases.duration(from: build["started"].time, to: build["finished"].time), build["assigned"].time.map(Phrases.age) ?? "",
            Phrases.firstLine(build["worker"].text, limit: 20), Phrases.change(author: build["author"].text, comments: build["comments"].text),
        ]
    }
}
