import ArgumentParser
import Domain
import Foundation
import Runtime
import Wire

/// `doorbell try`: builds what nobody has committed yet.
struct TryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Build the changes of this working copy before they are committed, and follow that to its end.",
        discussion: """
            What differs from the base, staged or not, committed or not, is sent as a patch: by default from the newest commit that this branch has in \
            common with its upstream, which the workers have to find in the repository. The builders have to say `try: true`. Without --repository \
            and --branch it is built in those of the newest change. Ends with 0 when all went well, 1 after a failure, 2 after an exception, 3 \
            when it was cancelled.
            """)

    @OptionGroup var client: ClientOptions
    @Option(name: [.customLong("builder"), .customShort("b")], help: "A builder; repeat it for more.") var builders: [String]
    @Option(help: "The commit that the patch goes onto.") var base: String?
    @Flag(help: "Files too that git does not track, but those it ignores.") var untracked = false
    @Option(help: "The repository that the workers check out.") var repository: String?
    @Option(help: "The branch that it belongs to.") var branch: String?
    @Option(help: "Why, for those who look at the build.") var reason: String?
    @Option(help: "Who tries it; your name at this machine when not given.") var by: String?
    @Option(help: "Higher is sooner.") var priority: Int?
    @Option(name: [.customLong("property"), .customShort("p")], help: "NAME=VALUE for the steps; may be repeated.") var properties: [String] = []
    @Flag(help: "Return at once, without waiting for the end.") var detach = false

    func validate() throws {
        guard !builders.isEmpty else { throw ValidationError("--builder is missing: name one at least") }
    }

    func run() async throws {
        let copy = TriedCopy(directory: FileManager.default.currentDirectoryPath)
        let base = try copy.base(self.base)
        let patch = try copy.patch(since: base, untracked: untracked)
        guard !patch.isEmpty else {
            let hint = untracked ? "" : "; files that git does not track count with --untracked"
            throw CommandFailure(.data, "nothing differs from \(base.prefix(12))\(hint)")
        }
        let body = TryBody(
            builders: builders, repository: repository, branch: branch, revision: base, patch: patch.base64EncodedString(),
            by: by ?? "\(NSUserName())@\(ProcessInfo.processInfo.hostName)", reason: reason, priority: priority,
            properties: properties.isEmpty ? nil : try ForceCommand.values(of: properties))
        let api = try client.client()
        // Before it is made: whatever happens to it is behind this.
        let cursor = try Document(try await api.get("/api/v1/events/latest"))["cursor"].text
        let answer = try await api.post("/api/v1/try", body: body, idempotencyKey: UUID().uuidString)
        let made = try Document(answer.body)
        if client.json {
            StandardOutput.write(String(decoding: answer.body, as: UTF8.self) + "\n")
        } else {
            let names = made["requests"].items.map { "\($0["builder"].text) (request \($0["request"].text))" }.joined(separator: ", ")
            StandardOutput.write("buildset \(made["buildset"].text): \(names), \(patch.count) bytes onto \(base.prefix(12))\n")
        }
        guard !detach, let buildset = made["buildset"].number else { return }
        let outcome = try await TryWatch(api: api, buildset: buildset, prints: !client.json).outcome(since: cursor)
        let status = OnceWatch.exitStatus(for: outcome)
        if status != 0 { throw ExitCode(status) }
    }
}
