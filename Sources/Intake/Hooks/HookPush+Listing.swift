/// What of a push the forge listed, and what it left out.
extension HookPush {
    var isDeletion: Bool { after.allSatisfy { $0 == "0" } }
    var isTag: Bool { ref.hasPrefix("refs/tags/") }

    /// The commit to which the ref leads.
    var tip: String { isTag ? head?.revision ?? after : after }

    /// Whether it changed files that none of its commits names: of commits that were left out, or that were taken away from the branch.
    var hidesFiles: Bool {
        let isNew = before.allSatisfy { $0 == "0" }
        return isCut || commits.last?.revision != tip && !(isNew && commits.isEmpty)
    }

    /// The commits, the last of them the tip: a new branch at a known commit lists none, and a long push not all.
    var commitsToTip: [HookCommit] {
        guard commits.last?.revision != tip else { return commits }
        let head = head?.revision == tip ? head : nil
        return commits.filter { $0.revision != tip } + [head ?? HookCommit(revision: tip, author: pusher, message: "", files: [], when: nil)]
    }
}
