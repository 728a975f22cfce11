import ArgumentParser
import Domain

/// `doorbell builders`: what can be built, and for one of them what may be said when it is forced.
struct BuildersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "builders", abstract: "List builders; or show one, with the parameters that `doorbell force` takes for it.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The builder's name.") var builder: String?

    func run() async throws {
        guard let builder else {
            return try await client.client().show("/api/v1/builders", json: client.json) { page in
                var table = Table("BUILDER", "PENDING", "BUILDING", "OLDEST", "LABELS")
                for builder in page["items"].items {
                    table.rows.append([
                        builder["name"].text, builder["pending"].text, builder["claimed"].text,
                        builder["oldest_pending"].time.map(Phrases.age) ?? "", Self.labels(builder),
                    ])
                }
                return table.render()
            }
        }
        try await client.client().show("/api/v1/builders/\(APIClient.escape(builder))", json: client.json, print: Self.text)
    }

    private static func text(_ builder: Document) -> String {
        var facts = Table("BUILDER", builder["name"].text)
        facts.rows = [
            ["labels", labels(builder)], ["steps", builder["steps"].items.map(\.text).joined(separator: ", ")],
            ["pending", builder["pending"].text], ["building", builder["claimed"].text],
        ]
        let force = builder["force"]
        guard !force.isAbsent else { return facts.render() + "\nforced with any properties\n" }
        if force["reason"].text == "required" { facts.rows.append(["reason", "has to be given"]) }
        var parameters = Table("PARAMETER", "KIND", "DEFAULT", "VALUES", "")
        for parameter in force["parameters"].items {
            parameters.rows.append([
                parameter["name"].text, parameter["kind"].text, parameter["required"].isTrue ? "(required)" : parameter["default"].text,
                values(parameter), parameter["label"].text,
            ])
        }
        return facts.render() + "\n" + (parameters.rows.isEmpty ? "forced without properties\n" : parameters.render())
    }

    private static func labels(_ builder: Document) -> String {
        builder["labels"].fields.map { "\($0.name)=\($0.value.text)" }.joined(separator: " ")
    }

    private static func values(_ parameter: Document) -> String {
        if !parameter["choices"].isAbsent { return parameter["choices"].items.map(\.text).joined(separator: ", ") }
        let (least, most) = (parameter["minimum"].text, parameter["maximum"].text)
        return least.isEmpty && most.isEmpty ? parameter["pattern"].text : "\(least) to \(most)"
    }
}
