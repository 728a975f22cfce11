import Domain
import Foundation

/// Reads the calls of GitLab.
enum GitLabHook {
    static func event(_ delivery: HookDelivery) throws -> HookEvent {
        guard delivery.header("x-gitlab-event") != nil else {
            throw HookRefusal.invalid("there is no X-Gitlab-Event: is this the address of another forge's source?")
        }
        let kind = try HookJSON.decoder.decode(Kind.self, from: delivery.body).objectKind
        switch kind {
        case "push", "tag_push": return .pushes([try HookJSON.decoder.decode(Push.self, from: delivery.body).event(delivery)])
        case "merge_request": return try HookJSON.decoder.decode(Merge.self, from: delivery.body).event(delivery)
        default: return .nothing("events of kind \(kind.prefix(100)) make no change")
        }
    }

    /// A push has no time here, and its body is not the same when people have it sent again: GitLab leaves out addresses then. Its key is the same (since 17.4), and
    /// the token, which stands for the whole call, vouches for it as for the body.
    private static func mark(_ delivery: HookDelivery) -> String { delivery.header("idempotency-key") ?? "" }

    private struct Kind: Decodable {
        var objectKind: String
    }

    private struct Project: Decodable {
        var pathWithNamespace: String
        var gitHttpUrl: String
        var gitSshUrl: String

        var hook: HookRepository { HookRepository(name: pathWithNamespace, https: gitHttpUrl, ssh: gitSshUrl) }
    }

    private struct Person: Decodable {
        var name: String?
        var email: String?

        var text: String { email.map { "\(name ?? "") <\($0)>" } ?? name ?? "" }
    }

    private struct Commit: Decodable {
        var id: String
        var message: String?
        var timestamp: String?
        var author: Person?
        var added: [String]?
        var modified: [String]?
        var removed: [String]?

        var hook: HookCommit {
            HookCommit(
                revision: id, author: author?.text ?? "", message: message ?? "",
                files: Set((added ?? []) + (removed ?? []) + (modified ?? [])).sorted(),
                when: timestamp.flatMap(HookTime.read))
        }
    }

    private struct Push: Decodable {
        var ref: String
        var before: String
        var after: String
        var userName: String?
        var project: Project
        /// The newest twenty.
        var commits: [Commit]?
        var totalCommitsCount: Int?
        /// The commit to which the ref leads.
        var checkoutSha: String?

        func event(_ delivery: HookDelivery) -> HookPush {
            let commits = (commits ?? []).map(\.hook)
            let pusher = userName ?? ""
            let head = checkoutSha.map { revision in
                commits.last { $0.revision == revision } ?? HookCommit(revision: revision, author: pusher, message: "", files: [], when: nil)
            }
            return HookPush(
                repository: project.hook, ref: ref, before: before, after: after, commits: commits,
                isCut: totalCommitsCount ?? 0 > commits.count, head: head, pusher: pusher, mark: GitLabHook.mark(delivery))
        }
    }

    private struct Merge: Decodable {
        struct Attributes: Decodable {
            var iid: Int64
            var title: String
            var action: String?
            /// Only when the head moved.
            var oldrev: String?
            var sourceBranch: String
            var targetBranch: String
            var sourceProjectId: Int64
            var targetProjectId: Int64
            var lastCommit: Commit
            var source: Project?
            var updatedAt: String?
        }

        var user: Person?
        var project: Project
        var objectAttributes: Attributes

        func event(_ delivery: HookDelivery) -> HookEvent {
            let merge = objectAttributes
            let action = merge.action ?? "changed"
            guard action == "open" || action == "reopen" || action == "update" && merge.oldrev != nil else {
                return .nothing("a merge request with action \(action.prefix(100)) and no new commit has nothing new to build")
            }
            return .pull(
                HookPull(
                    repository: project.hook, number: merge.iid, title: merge.title, author: merge.lastCommit.author?.text ?? user?.text ?? "",
                    ref: "refs/merge-requests/\(merge.iid)/head", head: merge.lastCommit.id, headBranch: merge.sourceBranch,
                    headRepository: merge.source?.gitHttpUrl ?? "", base: "", baseBranch: merge.targetBranch,
                    // Its `merge_commit_sha` is the commit that merging made, and there is none yet.
                    merge: nil, isFork: merge.sourceProjectId != merge.targetProjectId,
                    mark: merge.updatedAt ?? GitLabHook.mark(delivery)))
        }
    }
}
