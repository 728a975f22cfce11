import Domain

/// What a forge's call says, in words that all forges share.
enum HookEvent: Hashable, Sendable {
    /// In the forge's order: some forges tell of all that one push moved at once.
    case pushes([HookPush])
    case pull(HookPull)
    /// Nothing that makes a change, and why.
    case nothing(String)
}

struct HookCommit: Hashable, Sendable {
    var revision: String
    var author: String
    var message: String
    var files: [String]
    var when: Timestamp?
}

/// A branch or tag that moved.
struct HookPush: Hashable, Sendable {
    var repository: HookRepository
    /// As git names it: `refs/heads/…` or `refs/tags/…`.
    var ref: String
    var before: String
    var after: String
    /// Oldest first; forges leave some out of long pushes, the newest of them also.
    var commits: [HookCommit]
    /// The forge itself says that it left some out.
    var isCut: Bool
    /// The commit to which the ref leads, where the forge tells it apart; at an annotated tag `after` names the tag itself.
    var head: HookCommit?
    var pusher: String
    /// Tells a push from another of the same revisions: a branch may go forth, back and forth again. From what the forge vouches for, the body where that is signed.
    var mark: String
}

/// A pull or merge request whose head is new.
struct HookPull: Hashable, Sendable {
    /// Into which it would be merged.
    var repository: HookRepository
    /// Where the head is fetched from, when that is not the repository itself.
    var source: HookRepository?
    var number: Int64
    var title: String
    var author: String
    /// Where the head is: a ref that the repository itself keeps, so that no other has to be fetched from, where the forge makes one, else the head's own branch.
    var ref: String
    var head: String
    var headBranch: String
    var headRepository: String
    var base: String
    var baseBranch: String
    /// The test merge of head and base, when the forge has made it.
    var merge: String?
    var isFork: Bool
    /// Tells what happened to the request from what happens to it later at the same head. As with a push.
    var mark: String
}

struct HookRepository: Hashable, Sendable {
    var name: String
    var https: String
    var ssh: String
}
