import ArgumentParser
import Domain

/// `doorbell build ID`: everything about one build.
struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "build", abstract: "Show one build: its steps, logs, changes and properties.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The build's number.") var id: Int64

    func run() async throws {
        try await client.client().show("/api/v1/builds/\(id)", json: client.json, print: Self.text)
    }

    /// The revision that has its recipe, and the one that its buildset was planned under where that is another.
    private static func revisions(_ build: Document) -> String {
        let (recipe, planned) = (build["configuration"].text, build["planned_under"].text)
        return planned.isEmpty || planned == recipe ? recipe : "\(recipe), planned under \(planned)"
    }

    static func text(_ build: Document) -> String {
        var lines = Table("", "")
        let outcome = build["outcome"].isAbsent ? build["phase"].text : build["outcome"].text
        let cause = build["cause"].isAbsent ? "" : " (\(build["cause"].text))"
        lines.header = ["build \(build["id"].text)", outcome + cause + (build["text"].text.isEmpty ? "" : ": " + build["text"].text)]
        let stamp = build["stamp"].isAbsent ? build["source_stamps"].items.first ?? build : build["stamp"]
        let sources: [[String]] =
            build["stamps"].isAbsent
            ? [["repository", stamp["repository"].text], ["branch", stamp["branch"].text], ["revision", stamp["revision"].text]]
            : build["stamps"].items.map { stamp in
                let revision = stamp["revision"].isAbsent ? "tip of the branch" : stamp["revision"].text
                return [stamp["codebase"].text, "\(stamp["branch"].text) at \(revision) of \(stamp["repository"].text)"]
            }
        lines.rows = [["builder", build["builder"].text]] + sources
        lines.rows += [
            ["change", Phrases.change(author: build["author"].text, comments: build["comments"].text)],
            ["changes", build["changes"].items.map(\.text).joined(separator: " ")],
            ["reason", build["reason"].text],
            ["worker", "\(build["worker"].text), attempt \(build["attempt"].text)"],
            ["request", build["request"].text],
            ["answers too", build["answers"].items.map(\.text).joined(separator: " ")],
            ["buildset", build["buildset"].text],
            ["configuration", revisions(build)],
            ["duration", Phrases.duration(from: build["started"].time, to: build["finished"].time)],
            ["chain", build["chain"].text],
        ]
        lines.rows.removeAll { $0[1].isEmpty }
        var text = lines.render()
        var steps = Table("STEP", "NAME", "OUTCOME", "DURATION", "WHAT")
        for step in build["steps"].items {
            let duration = step["duration_ms"].number.map { Phrases.duration(.milliseconds($0)) } ?? ""
            steps.rows.append([
                step["number"].text, step["name"].text, step["outcome"].isAbsent ? step["phase"].text : step["outcome"].text, duration,
                Phrases.firstLine(step["text"].text),
            ])
        }
        if !steps.rows.isEmpty { text += "\n" + steps.render() }
        var logs = Table("LOG", "BYTES", "")
        for log in build["logs"].items { logs.rows.append([log["name"].text, log["size"].text, log["closed"].isTrue ? "" : "growing"]) }
        if !logs.rows.isEmpty { text += "\n" + logs.render() }
        var properties = Table("PROPERTY", "VALUE", "SOURCE")
        for (name, property) in build["properties"].fields {
            properties.rows.append([name, Phrases.firstLine(property["value"].text), property["source"].text])
        }
        if !properties.rows.isEmpty { text += "\n" + properties.render() }
        return text
    }
}
