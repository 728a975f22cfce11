import ArgumentParser
import Domain
import Foundation

/// `doorbell deliveries`: what forges delivered, and `show` and `redeliver` for one of them.
struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "List what forges delivered; show one, or have it read again.",
        subcommands: [List.self, Show.self, Redeliver.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what forges delivered in the last seven days, the newest first, and what became of it.")

        @OptionGroup var client: ClientOptions
        @Option(help: "Only those of this source.") var source: String?
        @Option(help: "Only those with this verdict: accepted, ignored, refused.") var verdict: String?
        @Option(help: "How many, 1 to 200.") var limit = 20

        func run() async throws {
            let query: [(String, String?)] = [("source", source), ("verdict", verdict), ("limit", String(limit))]
            try await client.client().show("/api/v1/deliveries", query: query, json: client.json) { page in
                var table = Table("ID", "SOURCE", "EVENT", "AGE", "VERDICT", "CHANGES", "DELIVERY", "REASON")
                for delivery in page["items"].items {
                    table.rows.append([
                        delivery["id"].text, Phrases.firstLine(delivery["source"].text, limit: 30), delivery["event"].text,
                        delivery["received"].time.map(Phrases.age) ?? "", delivery["verdict"].text, delivery["changes"].text,
                        delivery["delivery"].text, Phrases.firstLine(delivery["reason"].text),
                    ])
                }
                return table.rows.isEmpty ? "no deliveries\n" : table.render()
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one delivery: what became of it, its headers and its body.")

        @OptionGroup var client: ClientOptions
        @Flag(help: "Print the body alone, byte for byte.") var body = false
        @Argument(help: "The delivery's number.") var id: Int64

        func run() async throws {
            guard body else { return try await client.client().show("/api/v1/deliveries/\(id)", json: client.json, print: Self.text) }
            let delivery = try Document(try await client.client().get("/api/v1/deliveries/\(id)"))
            guard delivery["kept"].isTrue else { throw CommandFailure(.data, "the body of delivery \(id) was too large to be kept") }
            let bytes = delivery["body_base64"].isAbsent ? Data(delivery["body"].text.utf8) : Data(base64Encoded: delivery["body_base64"].text)
            _ = StandardOutput.write([UInt8](bytes ?? Data()))
        }

        private static func text(_ delivery: Document) -> String {
            var facts = Table("delivery \(delivery["id"].text)", delivery["verdict"].text)
            facts.rows = [
                ["reason", delivery["reason"].text],
                ["changes", delivery["changes"].text],
                ["source", delivery["source"].text],
                ["event", delivery["event"].text],
                ["forge's name", delivery["delivery"].text],
                ["received", delivery["received"].text],
                ["read again", delivery["redelivered"].text],
                ["bytes", delivery["size"].text],
            ]
            facts.rows += delivery["headers"].fields.map { [$0.name, $0.value.text] }
            facts.rows.removeAll { $0[1].isEmpty }
            let body =
                if !delivery["kept"].isTrue {
                    "the body was too large to be kept"
                } else if delivery["body"].isAbsent {
                    "the body is no text: see --body"
                } else {
                    Table.printableLines(delivery["body"].text)
                }
            return facts.render() + "\n" + body + (body.hasSuffix("\n") ? "" : "\n")
        }
    }

    struct Redeliver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a delivery again, by the configuration of now.",
            discussion: "Changes that it made before are not made a second time. The exit status is 65 when it is refused again.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The delivery's number.") var id: Int64

        func run() async throws {
            let answer = try await client.client().post("/api/v1/deliveries/\(id)/redeliver", body: [String: String]())
            let result = try Document(answer.body)
            StandardOutput.write(client.json ? String(decoding: answer.body, as: UTF8.self) + "\n" : Self.text(id, result))
            if result["verdict"].text == "refused" { throw ExitCode(CommandFailure.Status.data.rawValue) }
        }

        private static func text(_ id: Int64, _ result: Document) -> String {
            let reason = Table.printable(result["reason"].text)
            let changes = result["changes"].items
            switch result["verdict"].text {
            case "refused": return "delivery \(id) is refused: \(reason)\n"
            case "ignored": return "delivery \(id) makes no change: \(reason)\n"
            default:
                return changes.map { "change \($0["id"].text)\($0["created"].isTrue ? "" : ", which was there already")\n" }.joined()
            }
        }
    }
}
