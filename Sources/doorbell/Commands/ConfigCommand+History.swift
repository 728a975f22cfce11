import ArgumentParser
import Domain
import Wire

extension ConfigCommand {
    /// `doorbell config history`: every revision, the newest first.
    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the configurations that were applied, the newest first; that is the one in force.")

        @OptionGroup var client: ClientOptions
        @Option(help: "How many, 1 to 200.") var limit = 20

        func run() async throws {
            try await client.client().show("/api/v1/config/revisions", query: [("limit", String(limit))], json: client.json) { page in
                var table = Table("REVISION", "APPLIED", "BY", "SOURCES", "SCHEDULERS", "BUILDERS", "DIGEST", "RESTORES")
                for revision in page["items"].items {
                    let counts = revision["counts"]
                    table.rows.append([
                        revision["id"].text, revision["applied"].time.map(Phrases.age) ?? "", Phrases.firstLine(revision["by"].text, limit: 40),
                        counts["sources"].text, counts["schedulers"].text, counts["builders"].text,
                        String(revision["digest"].text.prefix(12)), revision["restores"].text,
                    ])
                }
                return table.rows.isEmpty ? "no configuration was applied yet\n" : table.render()
            }
        }
    }

    /// `doorbell config rollback REVISION`.
    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply an earlier revision again, as a new one.",
            discussion: """
                The files that a `doorbell up` was started with stay as they are, and count again at its next start: mend them as well.
                """)

        @OptionGroup var client: ClientOptions
        @OptionGroup var revision: RevisionOptions
        @Argument(help: "The revision's number, as `doorbell config history` lists it.") var number: Int64

        func run() async throws {
            let body = RollbackBody(revision: ConfigurationID(number), expect: revision.expected, by: revision.author)
            try await client.client().ask("/api/v1/config/rollback", body: body, json: client.json, print: ConfigCommand.sentence)
        }
    }
}
