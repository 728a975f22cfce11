import ArgumentParser
import Domain
import Foundation
import Runtime

/// `doorbell plan`: what a configuration would build of recorded changes, beside what the one in force builds of them.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a configuration would build, before it is applied.",
        discussion: """
            Reads recorded changes and the configuration in force from the running Doorbell, and decides here what each of both would build. Nothing is \
            written, here or there. Quiet times end as they would have ended; what is left of them at the end is counted as well. Schedulers that \
            follow others are counted as if those had succeeded; schedulers of the clock are named, and left out.
            """)

    @OptionGroup var client: ClientOptions
    @Option(help: "The file to try, or a directory of them; ./doorbell.yaml when absent.") var config: String?
    @Option(
        name: .customLong("change"),
        help: "The number of a change, or a file of JSON with changes that nobody recorded, as POST /api/v1/changes takes them; may be repeated.")
    var changes: [String] = []
    @Option(help: "The changes since then: 7d, 36h, 1h30m, or a moment such as 2026-01-31T12:00:00Z.") var since: String?
    @Option(help: "At most so many changes, the newest: 1 to 100000; 100, or with --since 100000, when not given.") var limit: Int?
    @Option(help: "At most so many of the changes that are built otherwise: 0 to 10000.") var differences = 20

    private static let most = 100_000
    private static let usual = 100
    private static let mostDifferences = 10_000

    func validate() throws {
        guard limit.map({ (1...Self.most).contains($0) }) ?? true else { throw ValidationError("--limit: expected 1 to \(Self.most)") }
        guard (0...Self.mostDifferences).contains(differences) else {
            throw ValidationError("--differences: expected 0 to \(Self.mostDifferences)")
        }
        guard changes.isEmpty || since == nil && limit == nil else {
            throw ValidationError("--change names the changes: give it alone, without --since and --limit")
        }
        guard changes.count <= Self.usual else { throw ValidationError("--change: at most \(Self.usual) times; --since takes more") }
    }

    func run() async throws {
        let path = try ConfigCommand.path(config)
        let loaded = try await Failures.translating { try ConfigurationLoader.load(path: path) }
        let api = try client.client()
        let known = try await api.revision(nil)
        let (recorded, isCut) = try await recorded(api)
        let comparison = PlanComparison(from: known.configuration, to: loaded.configuration, changes: recorded)
        let report = PlanReport(
            path: path, revision: known.id, changes: recorded, isCut: isCut, comparison: comparison, mostDifferences: differences)
        StandardOutput.write(client.json ? try report.json + "\n" : report.text)
    }

    private func recorded(_ api: APIClient) async throws -> (changes: [Change], isCut: Bool) {
        guard changes.isEmpty else {
            let now = Phrases.now
            var recorded: [Change] = []
            var given: [Change] = []
            for word in Set(changes).sorted() {
                if let id = Int64(word) {
                    recorded.append(try await api.change(id))
                } else {
                    given += try GivenChanges(path: word, before: given.count, now: now).changes
                }
            }
            return (APIClient.ordered(recorded) + given, false)
        }
        guard let since else { return try await api.changes(since: nil, limit: limit ?? Self.usual) }
        guard let moment = Phrases.moment(since) else {
            throw CommandFailure(.usage, "--since: expected a time such as 7d, 36h or 2026-01-31T12:00:00Z, found \(Table.printable(since))")
        }
        return try await api.changes(since: moment, limit: limit ?? Self.most)
    }
}
