import Domain
import Storage

/// What a look owes to the other sources that tell of its repository.
extension GitLook {
    enum RefKind: String {
        case heads = "refs/heads/"
        case tags = "refs/tags/"
    }

    /// Where the lines of the branches or tags end that are known; none when nobody else tells of them.
    func mirrorEnds(_ position: GitPosition?, of kind: RefKind) async throws -> [String: MirrorEnd] {
        guard let group = ties.group, let refs = position?.refs.keys.filter({ $0.hasPrefix(kind.rawValue) }), !refs.isEmpty else { return [:] }
        let lines = Dictionary(uniqueKeysWithValues: refs.map { ($0, group.line(repository: source.git, branch: RefMove.branch(of: $0))) })
        let ends = try await store.mirrorEnds(of: Array(lines.values))
        return lines.compactMapValues { ends[$0] }
    }

    /// Whether a tag that is known stands elsewhere: there are many of them and they hardly ever do, so only then it is asked where their lines end, and the remote
    /// once more after that.
    func hasMovedTag(_ position: GitPosition?, _ refs: [String: String]) -> Bool {
        guard ties.group != nil, let position else { return false }
        return position.refs.contains { ref, known in ref.hasPrefix(RefKind.tags.rawValue) && refs[ref].map { $0 != known.at } ?? false }
    }

    /// Branches that stand where this source saw them last, while others told since that they moved: they went back, and nobody told of that. Not before a second
    /// look has seen the same, since what answers may lag behind what tells.
    func returned(_ position: GitPosition, to refs: [String: String], _ ends: [String: MirrorEnd]) -> [RefMove] {
        // Of a tag, some tell where it leads and some itself.
        let odd = ends.filter { ref, end in
            guard ref.hasPrefix("refs/heads/"), let known = position.refs[ref], known.toward == nil else { return false }
            return refs[ref] == known.at && known.at != end.revision
        }
        let doubted = memory.withLock { memory in
            defer { memory.doubts = odd }
            return memory.doubts
        }
        return odd.filter { doubted[$0.key] == $0.value }.keys.sorted().compactMap { ref in
            position.refs[ref].map { RefMove(ref: ref, from: $0.at, to: $0.at, done: 0) }
        }
    }

    /// Says of the changes of one ref, oldest first, how they are held against what others told.
    ///
    /// - Parameters:
    ///   - end: that of the last of them, where the ref stands or stood at the end of its way; nil: it is on the way as well.
    ///   - since: where the line ended before the ref was seen there.
    func report(_ changes: inout ArraySlice<NewChange>, end: MirrorReport.Rule?, since: Int64?) {
        guard let group = ties.group else { return }
        for place in changes.indices {
            let tip = place == changes.index(before: changes.endIndex) ? end : nil
            changes[place].mirror = MirrorReport(line: group.line(of: changes[place]), rule: tip ?? .looked, isTip: tip != nil, since: since)
        }
    }
}
