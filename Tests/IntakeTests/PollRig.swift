import Domain
import Foundation
import ProcessSupport
import Storage
import StorageSQLite
import TestSupport
import Testing

@testable import Intake

/// A real remote repository, a store, and polls of the one into the other.
struct PollRig: Sendable {
    let directory = TemporaryDirectory()
    let remote: GitRepository
    let store: SQLiteStore
    let log = LogRecorder()

    init() async throws {
        remote = try GitRepository(at: directory.file("remote"))
        store = try await SQLiteStore.open(directory: directory.file("data"))
    }

    func source(
        _ git: String? = nil, branches: [String] = ["*"], tags: [String] = [], commits: SourceConfiguration.Commits = .each,
        timeout: Duration = .seconds(60), credential: CredentialReference? = nil
    ) -> SourceConfiguration {
        SourceConfiguration(
            name: "repo", git: git ?? remote.path, branches: branches.map { Glob($0) }, tags: tags.map { Glob($0) }, commits: commits,
            timeout: timeout,
            credential: credential)
    }

    /// A poll as a process that has just started makes it.
    func start(_ source: SourceConfiguration? = nil, mirror: String = "mirror", ties: SourceTies = SourceTies(project: "demo")) -> SourcePoll {
        let source = source ?? self.source()
        let look = GitLook(source: source, ties: ties, mirror: directory.file(mirror), store: store, logger: log.logger)
        return SourcePoll(source: .git(source), ties: ties, look: look, store: store, logger: log.logger)
    }

    /// Polls until there is no backlog.
    func drain(_ poll: SourcePoll) async {
        while true {
            let outcome = await poll.run()
            #expect(outcome.problem == nil)
            if !outcome.more || outcome.problem != nil { return }
        }
    }

    func changes() async throws -> [NewChange] {
        try await store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 5000)).map(\.content)
    }

    /// The changes that a drained poll made.
    func news(_ poll: SourcePoll) async throws -> [NewChange] {
        let before = try await changes().count
        await drain(poll)
        return Array(try await changes().dropFirst(before))
    }

    func health() async throws -> SourceHealth? { try await store.sourceState("repo").health }

    /// Many commits at once, one on top of the other; returns them, oldest first. The branch is left where it was.
    func chain(_ count: Int, from base: String, files: Bool = false) async throws -> [String] {
        var stream = ""
        for number in 1...count {
            let message = "\(number)"
            stream +=
                "commit refs/heads/chain\ncommitter Test <test@example.org> \(1_800_000_000 + number) +0000\ndata \(message.utf8.count)\n\(message)\n"
            if number == 1 { stream += "from \(base)\n" }
            if files { stream += "M 100644 inline file-\(number)\ndata 1\nx\n" }
        }
        _ = try await GitCommand(timeout: .seconds(60)).run(
            ["--git-dir", remote.path + "/.git", "fast-import", "--quiet", "--force"], input: Array(stream.utf8))
        let revisions = try remote.git("rev-list", "--reverse", "\(base)..refs/heads/chain").split(separator: "\n").map(String.init)
        try remote.git("update-ref", "-d", "refs/heads/chain")
        return revisions
    }

    /// A ref that porcelain would not make.
    func setRef(_ ref: String, to revision: String) throws { try remote.git("update-ref", ref, revision) }
}
