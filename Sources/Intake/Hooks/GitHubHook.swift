import Domain
import Foundation

/// Reads the calls of GitHub, and of Gitea and Forgejo, which use its words.
enum GitHubHook {
    static func event(_ delivery: HookDelivery) throws -> HookEvent {
        guard let kind = delivery.header("x-github-event", "x-forgejo-event", "x-gitea-event") else {
            throw HookRefusal.invalid(
                "there is no header that names the event, such as X-GitHub-Event: is this the address of another forge's source?")
        }
        switch kind {
        case "push": return .pushes([try HookJSON.decoder.decode(Push.self, from: delivery.body).event(delivery)])
        case "pull_request", "pull_request_sync": return try HookJSON.decoder.decode(Pull.self, from: delivery.body).event(delivery)
        case "ping": return .nothing("the hook is set up: pushes will make changes")
        case "create", "delete": return .nothing("a push tells of it as well")
        default: return .nothing("events of kind \(kind.prefix(100)) make no change")
        }
    }

    private struct Repository: Decodable {
        var fullName: String
        var cloneUrl: String
        var sshUrl: String
        /// GitHub's, in seconds in a push.
        var pushedAt: Moment?

        var hook: HookRepository { HookRepository(name: fullName, https: cloneUrl, ssh: sshUrl) }
    }

    /// A number here and a text there; only its sameness counts.
    private struct Moment: Decodable {
        var text: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            text = try (try? value.decode(Int64.self)).map(String.init) ?? value.decode(String.self)
        }
    }

    private struct Person: Decodable {
        var name: String?
        var email: String?
        var username: String?
        var login: String?

        var text: String {
            let name = name ?? username ?? login ?? ""
            return email.map { name.isEmpty ? $0 : "\(name) <\($0)>" } ?? name
        }
    }

    private struct Commit: Decodable {
        var id: String
        var message: String?
        var timestamp: String?
        var author: Person?
        var added: [String]?
        var removed: [String]?
        var modified: [String]?

        var hook: HookCommit {
            HookCommit(
                revision: id, author: author?.text ?? "", message: message ?? "",
                files: Set((added ?? []) + (removed ?? []) + (modified ?? [])).sorted(),
                when: timestamp.flatMap(HookTime.read))
        }
    }

    private struct Push: Decodable {
        /// GitHub lists no more, and does not say how many there were.
        static let mostOfGitHub = 2048

        var ref: String
        var before: String
        var after: String
        var commits: [Commit]?
        /// Gitea's, which lists five of them unless it is told otherwise.
        var totalCommits: Int?
        var headCommit: Commit?
        var repository: Repository
        var pusher: Person?

        func event(_ delivery: HookDelivery) -> HookPush {
            var commits = (commits ?? []).map(\.hook)
            // Gitea lists the newest first.
            if commits.count > 1, commits.first?.revision == after { commits.reverse() }
            return HookPush(
                repository: repository.hook, ref: ref, before: before, after: after, commits: commits,
                isCut: commits.count >= Self.mostOfGitHub || totalCommits ?? 0 > commits.count, head: headCommit?.hook,
                pusher: pusher?.text ?? "", mark: repository.pushedAt?.text ?? delivery.digest)
        }
    }

    private struct Side: Decodable {
        /// Empty when no branch holds it.
        var label: String?
        var ref: String
        var sha: String
        /// Absent when the fork was deleted.
        var repo: Repository?

        /// Gitea and Forgejo let whoever may read a repository push to `refs/for/…`: such a head is in the repository itself and in none of its branches.
        var isOnBranch: Bool { label?.isEmpty == false && !ref.hasPrefix("refs/pull/") }
    }

    private struct Pull: Decodable {
        struct Content: Decodable {
            var number: Int64
            var title: String
            var user: Person?
            var head: Side
            var base: Side
            /// GitHub finds out after it has told of a new head; until then the merge may be that of an earlier one.
            var mergeable: Bool?
            var mergeCommitSha: String?
            var updatedAt: String?
        }

        var action: String
        var pullRequest: Content
        var repository: Repository

        func event(_ delivery: HookDelivery) -> HookEvent {
            guard ["opened", "synchronize", "synchronized", "reopened"].contains(action) else {
                return .nothing("a pull request that was \(action.prefix(100)) has nothing new to build")
            }
            let pull = pullRequest
            return .pull(
                HookPull(
                    repository: repository.hook, number: pull.number, title: pull.title, author: pull.user?.text ?? "",
                    ref: "refs/pull/\(pull.number)/head", head: pull.head.sha, headBranch: pull.head.ref,
                    headRepository: pull.head.repo?.cloneUrl ?? "", base: pull.base.sha, baseBranch: pull.base.ref,
                    merge: pull.mergeable == true ? pull.mergeCommitSha.flatMap { $0.isEmpty ? nil : $0 } : nil,
                    isFork: pull.head.repo?.fullName != repository.fullName || !pull.head.isOnBranch, mark: pull.updatedAt ?? delivery.digest))
        }
    }
}
