import Domain
import Logging
import Storage
import Synchronization

/// One look at one git source: what moved, what the commits say, and the changes with the new position in one transaction.
final class GitLook: SourceLook {
    struct Memory {
        var position: GitPosition?
        var text: String?
        var isLoaded = false
        /// Branches that stand where they stood before, while others told that they had moved: where each of their lines ended then.
        var doubts: [String: MirrorEnd] = [:]
    }

    /// Commits that become changes in one transaction.
    static let batch = 200

    let source: SourceConfiguration
    let ties: SourceTies
    private let mirror: GitMirror
    let store: any ChangeStore & SourceStore
    private let logger: Logger
    // Only one poll of a source runs at a time; the lock is for the compiler's peace and costs nothing.
    let memory = Mutex(Memory())

    init(source: SourceConfiguration, ties: SourceTies, mirror: String, store: any ChangeStore & SourceStore, logger: Logger) {
        self.source = source
        self.ties = ties
        self.mirror = GitMirror(
            path: mirror, remote: source.git, command: GitCommand(credential: source.credential, for: source.git, timeout: source.timeout))
        self.store = store
        self.logger = logger
    }

    func forget() { memory.withLock { $0.isLoaded = false } }

    func look() async throws -> SourcePoll.Outcome {
        if !memory.withLock({ $0.isLoaded }) {
            let state = try await store.sourceState(source.name)
            let position = try state.position.map { try GitPosition(text: $0) }
            memory.withLock { $0 = Memory(position: position, text: state.position, isLoaded: true) }
        }
        let (position, text) = memory.withLock { ($0.position, $0.text) }
        // Before the remote is asked: what others tell from now on may be newer than its answer.
        var ends = try await mirrorEnds(position, of: .heads)
        var refs = try await watchedRefs()
        if hasMovedTag(position, refs) {
            ends.merge(try await mirrorEnds(position, of: .tags)) { first, _ in first }
            refs = try await watchedRefs()
        }
        var present = position ?? GitPosition()
        let returned = returned(present, to: refs, ends)
        var moves = RefMove.between(present, and: refs) + returned
        let gone = present.refs.filter { refs[$0.key] == nil && $0.value.toward == nil }.map(\.key)
        guard !moves.isEmpty || !gone.isEmpty || position == nil else { return SourcePoll.Outcome() }
        if !moves.isEmpty {
            try await mirror.fetch(moves.map(\.ref).filter { refs[$0] != nil })
            try await giveUpLostWays(&present)
            moves = RefMove.between(present, and: refs) + returned
        }

        var next = present
        for ref in gone { next.refs[ref] = nil }
        var changes: [NewChange] = []
        var more = false
        for move in moves {
            guard changes.count < Self.batch else {
                more = true
                break
            }
            next.moves += move.done == 0 ? 1 : 0
            let before = changes.count
            let isPartly = try await take(move, first: position == nil, room: Self.batch - before, into: &changes, &next)
            let (seen, begun) = (ends[move.ref]?.place, move.done == 0 ? ends[move.ref]?.place : present.refs[move.ref]?.since)
            if isPartly, next.refs[move.ref]?.toward != nil { next.refs[move.ref]?.since = begun }
            let isThere = refs[move.ref] == move.to
            report(&changes[before...], end: isPartly ? nil : isThere ? .looked : .passed, since: isThere ? seen : begun)
            // The end of a long way may lie behind where the ref is by now.
            more = more || isPartly || refs[move.ref] != move.to
        }
        let advanced = try next.text()
        let receipts = try await store.accept(changes, advancing: SourceAdvance(source: source.name, from: text, to: advanced))
        memory.withLock {
            $0.position = next
            $0.text = advanced
        }
        return SourcePoll.Outcome(accepted: receipts.filter(\.created).count, more: more)
    }

    private func watchedRefs() async throws -> [String: String] {
        try await mirror.remoteRefs(tags: !source.tags.isEmpty).filter { isWatched($0.key) }
    }

    private func isWatched(_ ref: String) -> Bool {
        if ref.hasPrefix("refs/heads/") {
            let branch = String(ref.dropFirst("refs/heads/".count))
            // No porcelain makes such a branch, and whoever is given its name might take it for an option: nothing of it is taken in.
            if branch.hasPrefix("-") { return false }
            return source.branches.contains { $0.matches(branch) }
        }
        let tag = String(ref.dropFirst("refs/tags/".count))
        return source.tags.contains { $0.matches(tag) }
    }

    /// A way that was begun leads over commits that nobody has any more, when the mirror was lost and the ref is elsewhere: it cannot be gone to its end.
    private func giveUpLostWays(_ position: inout GitPosition) async throws {
        let ways = position.refs.compactMapValues(\.toward)
        guard !ways.isEmpty else { return }
        let present = try await mirror.present(Set(ways.values))
        for (ref, toward) in ways where !present.contains(toward) {
            logger.warning(
                "commits of a source are gone from its remote before they became changes",
                metadata: ["source": "\(source.name)", "ref": "\(ref)", "revision": "\(toward)"])
            position.refs[ref]?.toward = nil
            position.refs[ref]?.done = nil
            position.refs[ref]?.since = nil
        }
    }

    /// Makes the changes of one moved ref, as many as there is room for. True when some are left.
    private func take(
        _ move: RefMove, first: Bool, room: Int, into changes: inout [NewChange], _ position: inout GitPosition
    ) async throws -> Bool {
        var way: [String]
        var isBack = false
        let isTip = source.commits == .tip && !move.isTag
        if isTip || first || move.isTag {
            way = [move.to]
        } else {
            // A branch that is new brings what no other branch has; a moved one what was not on it before, also when it was forced.
            let known = move.from.map { [$0] } ?? position.refs.filter { $0.key != move.ref }.map(\.value.at)
            let present = try await mirror.present(Set(known))
            way = present.isEmpty ? [move.to] : try await mirror.commits(to: move.to, notFrom: Array(present))
            // Nothing new, but the ref stands elsewhere: its tip is the fact.
            if way.isEmpty {
                way = [move.to]
                isBack = move.from != nil
            }
        }
        // A way that was begun commit by commit ends with its tip.
        let taken = Array(way.dropFirst(isTip ? 0 : move.done).prefix(room))
        for (offset, var commit) in try await mirror.describe(taken).enumerated() {
            if isTip { commit.files = try await files(of: move) }
            // What it changes was taken away, and is not what the tip says.
            if isBack { commit.files = [] }
            changes.append(change(commit, move, moves: position.moves, place: move.done + offset))
        }
        let done = move.done + taken.count
        if done < way.count, let from = move.from {
            position.refs[move.ref] = GitPosition.Ref(at: from, toward: move.to, done: done)
            return true
        }
        if done < way.count {
            // A new branch with a long way: the last commit taken is where it stands now.
            position.refs[move.ref] = GitPosition.Ref(at: taken.last ?? move.to)
            return true
        }
        position.refs[move.ref] = GitPosition.Ref(at: move.to)
        return false
    }

    /// What all commits of a move change, those that it takes away from the branch also; none when nobody can tell, or would have to read too much for it.
    private func files(of move: RefMove) async throws -> [String] {
        guard let from = move.from, try await mirror.present([from]).contains(from) else { return [] }
        let commits = try await mirror.commits(between: from, and: move.to, most: Self.batch + 1)
        guard commits.count <= Self.batch else { return [] }
        return ChangeBounds.files(ofAll: try await mirror.describe(commits).map(\.files))
    }

    private func change(_ commit: GitMirror.Commit, _ move: RefMove, moves: Int64, place: Int) -> NewChange {
        NewChange(
            source: source.name, project: ties.project, repository: source.git, branch: move.branch, revision: commit.revision,
            author: ChangeBounds.author(commit.author), comments: ChangeBounds.comments(commit.comments), files: ChangeBounds.files(commit.files),
            category: move.isTag ? "tag" : "", when: commit.made,
            dedupeKey: "\(move.ref.hashed):\(move.from ?? "new"):\(move.to):\(moves):\(place)")
    }
}

extension String {
    /// Short, and of characters that any key may have: ref names can be 400 bytes long.
    fileprivate var hashed: String { utf8.count <= 200 ? self : SourceStamp(project: "", repository: "", branch: self, revision: nil).id }
}
