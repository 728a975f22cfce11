import Domain

/// What the changes say of a repository, a branch and a revision that somebody named by hand.
package struct HandWitness: Hashable, Sendable {
    /// The newest change of the branch in the repository, when it is untrusted.
    package var untrustedBranch: ChangeID?
    /// The branch has a change in the repository.
    package var knowsBranch: Bool
    /// The newest untrusted change with the revision.
    package var untrustedRevision: ChangeID?
    /// A trusted change has the revision, or one that begins so, as no untrusted change's does.
    package var knowsRevision: Bool
    /// Some change is untrusted, wherever: what anybody wrote comes here.
    package var knowsForks: Bool

    package init(untrustedBranch: ChangeID?, knowsBranch: Bool, untrustedRevision: ChangeID?, knowsRevision: Bool, knowsForks: Bool) {
        self.untrustedBranch = untrustedBranch
        self.knowsBranch = knowsBranch
        self.untrustedRevision = untrustedRevision
        self.knowsRevision = knowsRevision
        self.knowsForks = knowsForks
    }

    /// Who says that nobody may trust it, as a property's source. Commits of forks can be had from the repository that was forked, under any name: where
    /// forks come, only what a trusted change names is trusted.
    func distrust(branch: String, revision: String?) -> String? {
        if let change = untrustedBranch ?? (knowsRevision ? nil : untrustedRevision) { return "change \(change)" }
        let isUsual = !branch.hasPrefix("refs/") || branch.hasPrefix("refs/heads/") || branch.hasPrefix("refs/tags/")
        if !knowsBranch, knowsForks || !isUsual { return "no trusted change has the branch" }
        if revision != nil, !knowsRevision, knowsForks { return "no trusted change has the revision" }
        return nil
    }
}
