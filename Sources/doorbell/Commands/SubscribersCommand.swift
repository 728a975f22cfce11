import ArgumentParser
import Domain
import Foundation

/// `doorbell subscribers`: who is sent events over HTTP and how that stands, and `send` to send one of them again.
struct SubscribersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscribers", abstract: "List who is sent events over HTTP, and what was sent; send one again.",
        subcommands: [List.self, Send.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the webhooks of the configuration; with a name, what was sent to that one, the newest first.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The subscriber's name.") var name: String?
        @Option(help: "Only sendings with this outcome: waiting, sent, given_up.") var outcome: String?
        @Option(help: "How many sendings, 1 to 200.") var limit = 20

        func validate() throws {
            guard name != nil || outcome == nil else { throw ValidationError("--outcome needs the name of a subscriber") }
        }

        func run() async throws {
            guard let name else {
                return try await client.client().show("/api/v1/subscribers", json: client.json, print: Self.subscribers)
            }
            let query: [(String, String?)] = [("outcome", outcome), ("limit", String(limit))]
            try await client.client().show(
                "/api/v1/subscribers/\(APIClient.escape(name))/sendings", query: query, json: client.json, print: Self.sendings)
        }

        private static func subscribers(_ page: Document) -> String {
            var table = Table("SUBSCRIBER", "STATE", "SENT", "WAITING", "LAG", "GIVEN UP", "URL", "ERROR")
            for subscriber in page["items"].items {
                table.rows.append([
                    subscriber["name"].text, subscriber["state"].text, subscriber["sent"].text, subscriber["waiting"].text, subscriber["lag"].text,
                    subscriber["given_up"].text, subscriber["url"].text,
                    subscriber["state"].text == "failing" ? Phrases.firstLine(subscriber["error"].text) : "",
                ])
            }
            return table.rows.isEmpty ? "the configuration has no webhooks\n" : table.render()
        }

        private static func sendings(_ page: Document) -> String {
            var table = Table("ID", "EVENT", "ENTITY", "AGE", "OUTCOME", "TRIES", "STATUS", "REASON")
            for sending in page["items"].items {
                let entity = sending["entity"]
                table.rows.append([
                    sending["id"].text, sending["event"].text, "\(entity["kind"].text) \(entity["id"].text)",
                    sending["occurred"].time.map(Phrases.age) ?? "", sending["outcome"].text, sending["attempts"].text, sending["status"].text,
                    Phrases.firstLine(sending["reason"].text),
                ])
            }
            return table.rows.isEmpty ? "nothing was sent\n" : table.render()
        }
    }

    struct Send: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send an event once more, with the id that it had.",
            discussion: "It goes at once, whatever became of it before, and waits for no other.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The subscriber's name.") var name: String
        @Argument(help: "The sending's number.") var id: Int64

        func run() async throws {
            let path = "/api/v1/subscribers/\(APIClient.escape(name))/sendings/\(id)/send"
            try await client.client().ask(path, body: [String: String](), json: client.json) { _ in "sending \(id) goes to \(name) again\n" }
        }
    }
}
