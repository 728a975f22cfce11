import Domain
import Foundation
import Logging
import Storage
import Synchronization

/// One look at one Mercurial source: what is new, what the changesets say, and the changes with the new position in one transaction.
final class MercurialLook: SourceLook {
    private struct Memory {
        var position: MercurialPosition?
        var text: String?
        var isLoaded = false
    }

    /// Changesets of one transaction.
    static let batch = 200
    /// Where only the newest of each branch is a change, more are looked at to find it.
    private static let tipBatch = 5000

    private let source: MercurialConfiguration
    private let ties: SourceTies
    private let mirror: MercurialMirror
    private let store: any ChangeStore & SourceStore
    private let memory = Mutex(Memory())

    init(source: MercurialConfiguration, ties: SourceTies, mirror: String, store: any ChangeStore & SourceStore) {
        self.source = source
        self.ties = ties
        self.mirror = MercurialMirror(
            path: mirror, remote: source.repository,
            command: MercurialCommand(credential: source.credential, for: source.repository, mirror: mirror, timeout: source.timeout))
        self.store = store
    }

    func forget() { memory.withLock { $0.isLoaded = false } }

    func look() async throws -> SourcePoll.Outcome {
        if !memory.withLock({ $0.isLoaded }) {
            let text = try await store.sourceState(source.name).position
            let position = try text.map { try MercurialPosition(text: $0) }
            memory.withLock { $0 = Memory(position: position, text: text, isLoaded: true) }
        }
        let (position, text) = memory.withLock { ($0.position, $0.text) }
        try await mirror.pull()
        guard let position else { return try await begin() }
        let news = try await mirror.news(since: position.heads, most: source.commits == .tip ? Self.tipBatch : Self.batch)
        guard !news.isEmpty else { return SourcePoll.Outcome() }
        let next = position.after(news)
        let changes = try await changes(of: news)
        return try await accept(changes, from: text, to: next)
    }

    /// The first look: the tips of the watched branches, and nothing of their past.
    private func begin() async throws -> SourcePoll.Outcome {
        let tips = try await mirror.tips().filter { isWatched($0.key) }.map(\.value)
        let changes = try await mirror.describe(tips).map { change($0) }
        return try await accept(changes, from: nil, to: MercurialPosition(heads: try await mirror.heads()))
    }

    private func changes(of news: [MercurialMirror.Commit]) async throws -> [NewChange] {
        let watched = news.filter { isWatched($0.branch) }
        guard source.commits == .tip else { return watched.map { change($0) } }
        let branches = Dictionary(grouping: watched, by: \.branch)
        // The newest of each branch, in their order, with the files of all.
        return watched.filter { branches[$0.branch]?.last?.revision == $0.revision }.map { tip in
            var tip = tip
            tip.files = ChangeBounds.files(ofAll: branches[tip.branch, default: []].map(\.files))
            return change(tip)
        }
    }

    private func isWatched(_ branch: String) -> Bool { !branch.hasPrefix("-") && source.branches.contains { $0.matches(branch) } }

    /// A changeset is on one branch for ever, and history is only added to: its own id tells it from every other.
    private func change(_ commit: MercurialMirror.Commit) -> NewChange {
        NewChange(
            source: source.name, project: ties.project, repository: source.repository, branch: commit.branch, revision: commit.revision,
            author: ChangeBounds.author(commit.author), comments: ChangeBounds.comments(commit.comments), files: ChangeBounds.files(commit.files),
            when: commit.made, dedupeKey: "hg:\(commit.revision)")
    }

    private func accept(_ changes: [NewChange], from text: String?, to next: MercurialPosition) async throws -> SourcePoll.Outcome {
        // Names that no change can have are no reason to read nothing for ever.
        let fit = ties.told(changes.filter { $0.problems.isEmpty })
        let advanced = try next.text()
        let receipts = try await store.accept(fit, advancing: SourceAdvance(source: source.name, from: text, to: advanced))
        memory.withLock {
            $0.position = next
            $0.text = advanced
        }
        // There may be more; the next look finds nothing when there is not.
        return SourcePoll.Outcome(accepted: receipts.filter(\.created).count, more: text != nil)
    }
}
