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
        case .push(let push): make(push)
        case .pull(let pull): make(pull)
        }
    }

    private func make(_ push: HookPush) -> (changes: [NewChange], reason: String?) {
        guard push.after.contains(where: { $0 != "0" }) else { return ([], "\(push.ref) was deleted") }
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
        var commits = push.commits
        // A new branch at a known commit lists none, and a long push not all.
        if commits.last?.revision != push.after {
            commits.removeAll { $0.revision == push.after }
            let head = push.head?.revision == push.after ? push.head : nil
            commits.append(head ?? HookCommit(revision: push.after, author: push.pusher, message: "", files: [], when: nil))
        }
        // As on the forges: the newest commit speaks for the push.
        let skips = NewChange.asksToSkip(commits.last?.message ?? "")
        // A tag is one thing, whatever it leads to.
        if category == "tag" || hook.commits == .tip { commits = commits.suffix(1) }
        let changes = commits.enumerated().map { place, commit in
            NewChange(
                source: hook.name, project: project, repository: address(push.repository), branch: branch, revision: commit.revision,
                author: Self.bounded(commit.author, 1000), comments: Self.bounded(commit.message, 256 << 10), files: Self.files(commit.files),
                category: category, when: commit.when,
                properties: skips ? [PullProperty.skip: true] : [:],
                dedupeKey: key("push", push.repository.name, push.ref, push.before, push.after, push.mark, String(place)))
        }
        return (changes, nil)
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
            source: hook.name, project: project, repository: address(pull.repository), branch: pull.ref, revision: pull.head,
            author: Self.bounded(pull.author, 1000), comments: Self.bounded(pull.title, 256 << 10), category: PullProperty.category,
            properties: properties,
            dedupeKey: key("pull", pull.repository.name, String(pull.number), pull.head, pull.base, pull.mark))
        return ([change], nil)
    }

    /// What a forge lets people write may be longer than a change takes, and hold a NUL; that is no reason to lose the change.
    private static func bounded(_ text: String, _ limit: Int) -> String {
        let text = text.utf8.contains(0) ? text.replacing("\0", with: " ") : text
        guard text.utf8.count > limit else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while end.samePosition(in: text) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }

    /// None when they cannot all be named: a change without files matters to every scheduler.
    private static func files(_ files: [String]) -> [String] {
        let areFit = files.count <= 20_000 && files.allSatisfy { !$0.isEmpty && $0.utf8.count <= 4096 && !$0.utf8.contains(0) }
        return areFit ? files : []
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
