import ArgumentParser
import Domain
import Foundation
import Runtime

extension ConfigCommand {
    /// `doorbell config diff [FROM [TO]]`: what differs between two revisions, or between one and a file.
    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what differs between two revisions, or between the one in force and a file.",
            discussion: """
                Without FROM, the one before TO; without TO, the one in force. With --file, what applying the file would change; nothing is sent.
                """)

        @OptionGroup var client: ClientOptions
        @Option(help: "A file, or a directory of them, to compare with FROM.") var file: String?
        @Argument(help: "The older revision's number.") var from: Int64?
        @Argument(help: "The newer revision's number.") var to: Int64?

        func run() async throws {
            guard let file else {
                let query = [("from", from.map(String.init)), ("to", to.map(String.init))]
                return try await client.client().show("/api/v1/config/diff", query: query, json: client.json, print: Self.text)
            }
            guard to == nil else { throw CommandFailure(.usage, "--file is compared with one revision, and two were given") }
            let loaded = try await Failures.translating { try ConfigurationLoader.load(path: file) }
            let known = try await client.client().revision(from)
            // Both as this program writes them: a revision that was stored before a key existed does not differ by it.
            let difference = ConfigurationDifference(from: try known.configuration.written.document, to: try loaded.configuration.document)
            var document = try Document(JSONEncoder().encode(difference))
            if let id = known.id { document = document.with("from", .integer(id.rawValue)) }
            StandardOutput.write(client.json ? try document.json + "\n" : Self.text(document))
        }

        static func text(_ difference: Document) -> String {
            var lines = difference["fields"].items.map { Self.line($0) }
            for item in difference["items"].items {
                lines.append("\(Self.sign(item["change"].text)) \(Self.singular(item["list"].text)) \(item["name"].text)")
                lines += item["fields"].items.map { "    " + Self.line($0) }
            }
            lines += difference["reordered"].items.map { "~ the order of the \($0.text)" }
            return lines.isEmpty ? "no difference\n" : lines.map { Table.printable($0) + "\n" }.joined()
        }

        private static func line(_ field: Document) -> String {
            let pointer = field["pointer"].text
            guard case .object(let values) = field.value, let from = values["from"] else { return "+ \(pointer): \(value(field["to"]))" }
            return values["to"] == nil ? "- \(pointer): \(value(Document(from)))" : "~ \(pointer): \(value(Document(from))) → \(value(field["to"]))"
        }

        private static func value(_ value: Document) -> String { Phrases.firstLine((try? value.json) ?? "", limit: 100) }

        private static func sign(_ change: String) -> String {
            switch change {
            case "added": "+"
            case "removed": "-"
            default: "~"
            }
        }

        private static func singular(_ list: String) -> String {
            // All of them are sources in a file.
            if ["hooks", "feeds"].contains(list) { return "source" }
            return list.hasSuffix("s") ? String(list.dropLast()) : list
        }
    }
}

extension Configuration {
    /// As JSON.
    fileprivate var document: JSONValue {
        get throws { try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(self)) }
    }
}
