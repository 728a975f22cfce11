import ArgumentParser
import Domain

/// `doorbell requests`: what waits to be built, or was asked for.
struct RequestsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "requests", abstract: "List build requests, the newest first.")

    @OptionGroup var client: ClientOptions
    @Option(help: "Only requests for this builder.") var builder: String?
    @Option(help: "Only requests in this phase: waiting, pending, claimed, finished.") var phase: String?
    @Option(help: "How many, 1 to 200.") var limit = 20

    func run() async throws {
        let query: [(String, String?)] = [("builder", builder), ("phase", phase), ("limit", String(limit))]
        try await client.client().show("/api/v1/requests", query: query, json: client.json) { page in
            var table = Table("REQUEST", "BUILDER", "BRANCH", "REVISION", "PHASE", "OUTCOME", "PRIORITY", "AGE", "BUILDS")
            for request in page["items"].items {
                let stamp = request["stamp"]
                let revision = stamp["revision"].text
                table.rows.append([
                    request["id"].text, Phrases.firstLine(request["builder"].text, limit: 30), Phrases.firstLine(stamp["branch"].text, limit: 30),
                    Phrases.revision(revision.isEmpty ? nil : revision),
                    request["phase"].text, request["outcome"].text, request["priority"].text, request["created"].time.map(Phrases.age) ?? "",
                    (request["builds"].items.map(\.text) + (request["answered_by"].isAbsent ? [] : ["of another: " + request["answered_by"].text]))
                        .joined(separator: " "),
                ])
            }
            return table.rows.isEmpty ? "no requests\n" : table.render()
        }
    }
}
