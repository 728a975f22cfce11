import ArgumentParser
import Domain

/// `doorbell audit`: who changed what.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "List who changed what, the newest first.",
        discussion: "Who submitted a change stands in the change itself. Needs the role admin where tokens are asked for.")

    @OptionGroup var client: ClientOptions
    @Option(help: "Only what this one did.") var principal: String?
    @Option(help: "Only this, such as force, cancel, priority, pause, config.apply or token.create.") var action: String?
    @Option(help: "Only what was done to things of this project.") var project: String?
    @Option(help: "How many, 1 to 200.") var limit = 20

    func run() async throws {
        let query: [(String, String?)] = [("principal", principal), ("action", action), ("project", project), ("limit", String(limit))]
        try await client.client().show("/api/v1/audit", query: query, json: client.json) { page in
            var table = Table("TIME", "WHO", "ACTION", "TO", "PROJECT", "DETAIL")
            for entry in page["items"].items {
                table.rows.append([
                    entry["time"].text, Phrases.firstLine(entry["principal"].text, limit: 40), entry["action"].text,
                    "\(entry["target"]["kind"].text) \(entry["target"]["id"].text)", entry["project"].text, Phrases.firstLine(entry["detail"].text),
                ])
            }
            return table.rows.isEmpty ? "nothing was changed yet\n" : table.render()
        }
    }
}
