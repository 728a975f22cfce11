import Crypto
import Domain
import Foundation
import HTTPDoor

/// Turns what a forge said into changes. Pure.
struct HookChanges: Sendable {
    let hook: HookConfiguration
    let project: String

    /// The changes, oldest first, or why there are none.
    func make(_ event: HookEvent) -> (changes: [NewChange], reason: String?) {
        switch event {
        case .nothing(let reason): ([], reason)
        case .pushes(let pushes): make(pushes)
        case .pull(let pull): make(pull)
        }
    }

    private func make(_ pushes: [HookPush]) -> (changes: [NewChange], reason: String?) {
        let made = pushes.map(make)
        let changes = made.flatMap(\.changes)
        guard changes.isEmpty else { return (changes, nil) }
        let reasons = made.compactMap(\.reason)
        guard !reasons.isEmpty else { return ([], "it names no branch and no tag that moved") }
        let rest = reasons.count > Self.mostReasons ? "; and so on, \(reasons.count) in all" : ""
        return ([], reasons.prefix(Self.mostReasons).joined(separator: "; ") + rest)
    }

    private static let mostReasons = 5

    private func make(_ push: HookPush) -> (changes: [NewChange], reason: String?) {
        guard !push.isDeletion else { return ([], "\(push.ref) was deleted") }
        let branch: String
        var category = ""
        if let name = push.ref.stripping("refs/heads/") {
            guard hook.branches.contains(where: { $0.matches(name) }) else { return ([], "the source does not watch branch \(name)") }
            branch = name
        } else if let name = push.ref.stripping("refs/tags/") {
            guard hook.tags.contains(where: { $0.matches(name) }) else { return ([], "the source does not watch tag \(name)") }
            branch = push.ref
            category = "tag"
        } else {
            return ([], "\(push.ref) is neither a branch nor a tag")
        }
        var commits = push.commitsToTip
        // As on the forges: the newest commit speaks for the push.
        let skips = NewChange.asksToSkip(commits.last?.message ?? "")
        let files = files(of: commits, push)
        // A tag is one thing, whatever it leads to.
        if push.isTag || hook.commits == .tip { commits = commits.suffix(1) }
        let changes = zip(commits, files).enumerated().map { place, made in
            let (commit, files) = made
            return NewChange(
                source: hook.name, project: project, repository: address(push.repository), branch: branch, revision: commit.revision,
                author: ChangeBounds.author(commit.author), comments: ChangeBounds.comments(commit.message), files: files,
                category: category, when: commit.when,
                properties: skips ? [PullProperty.skip: true] : [:],
                dedupeKey: key("push", push.repository.name, push.ref, push.before, push.after, push.mark, String(place)))
        }
        return (changes, nil)
    }

    /// Those of each change that becomes of the commits. What nobody can name is a reason to build: a change without files matters to every scheduler.
    private func files(of commits: [HookCommit], _ push: HookPush) -> [[String]] {
        let files = commits.map { ChangeBounds.files($0.files) }
        if push.isTag { return files.suffix(1) }
        if hook.commits == .tip { return [push.hidesFiles ? [] : ChangeBounds.files(ofAll: files)] }
        // The oldest stands for those that were left out.
        return push.hidesFiles ? [[]] + files.dropFirst() : files
    }

    private func make(_ pull: HookPull) -> (changes: [NewChange], reason: String?) {
        guard hook.branches.contains(where: { $0.matches(pull.baseBranch) }) else {
            return ([], "the source does not watch branch \(pull.baseBranch), into which it would be merged")
        }
        var properties: [String: JSONValue] = [
            PullProperty.number: .integer(pull.number), PullProperty.title: .string(pull.title), PullProperty.baseBranch: .string(pull.baseBranch),
            PullProperty.baseRevision: .string(pull.base), PullProperty.headBranch: .string(pull.headBranch),
            PullProperty.headRepository: .string(pull.headRepository), PullProperty.untrusted: .bool(pull.isFork),
        ]
        if let merge = pull.merge { properties[PullProperty.mergeRevision] = .string(merge) }
        let change = NewChange(
            source: hook.name, project: project, repository: address(pull.source ?? pull.repository), branch: pull.ref, revision: pull.head,
            author: ChangeBounds.author(pull.author), comments: ChangeBounds.comments(pull.title), category: PullProperty.category,
            properties: properties,
            dedupeKey: key("pull", pull.repository.name, String(pull.number), pull.head, pull.base, pull.mark))
        return ([change], nil)
    }

    private func address(_ repository: HookRepository) -> String { hook.address == .ssh ? repository.ssh : repository.https }

    /// The same push told again is the same changes; each word stands behind its length.
    private func key(_ words: String...) -> String {
        Hexadecimal.text(SHA256.hash(data: Data(words.map { "\($0.utf8.count):\($0)" }.joined().utf8)))
    }
}

extension String {
    fileprivate func stripping(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
