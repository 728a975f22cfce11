import Domain
import Foundation

/// Reads the calls of Bitbucket Cloud, as Atlassian's "Event payloads" describes them.
enum BitbucketHook {
    static func event(_ delivery: HookDelivery) throws -> HookEvent {
        guard let kind = delivery.header("x-event-key") else {
            throw HookRefusal.invalid("there is no X-Event-Key: is this the address of another forge's source?")
        }
        switch kind {
        case "repo:push": return .pushes(try HookJSON.decoder.decode(Push.self, from: delivery.body).pushes(delivery))
        case "pullrequest:created", "pullrequest:updated": return .pull(try HookJSON.decoder.decode(Pull.self, from: delivery.body).pull)
        case "repo:refs_changed", "diagnostics:ping":
            throw HookRefusal.invalid("it is a call of Bitbucket Data Center: say \"hook: bitbucket-server\" in the source")
        default: return .nothing("events of kind \(kind.prefix(100)) make no change")
        }
    }

    private struct Repository: Decodable {
        var fullName: String

        /// No call names them; there is one Bitbucket Cloud.
        var hook: HookRepository {
            HookRepository(name: fullName, https: "https://bitbucket.org/\(fullName).git", ssh: "git@bitbucket.org:\(fullName).git")
        }
    }

    private struct Person: Decodable {
        var displayName: String?
        var nickname: String?
    }

    private struct Author: Decodable {
        /// As the commit has it: `Name <address>`.
        var raw: String?
        var user: Person?
        var displayName: String?

        var text: String { raw ?? user?.displayName ?? displayName ?? "" }
    }

    private struct Commit: Decodable {
        var hash: String
        var message: String?
        var date: String?
        var author: Author?

        /// What a commit changes is never said.
        var hook: HookCommit {
            HookCommit(revision: hash, author: author?.text ?? "", message: message ?? "", files: [], when: date.flatMap(HookTime.read))
        }
    }

    private struct Reference: Decodable {
        var type: String
        var name: String
        var target: Commit

        var path: String {
            switch type {
            case "branch", "named_branch": "refs/heads/\(name)"
            case "tag", "annotated_tag": "refs/tags/\(name)"
            default: "\(type) \(name)"
            }
        }
    }

    private struct Push: Decodable {
        struct Content: Decodable {
            var changes: [Change]
        }

        struct Change: Decodable {
            /// Null when it was made.
            var old: Reference?
            /// Null when it was deleted.
            var new: Reference?
            /// The newest five, newest first.
            var commits: [Commit]?
            var truncated: Bool?
        }

        static let nowhere = String(repeating: "0", count: 40)

        var repository: Repository
        var actor: Person?
        var push: Content

        func pushes(_ delivery: HookDelivery) throws -> [HookPush] {
            // No push has a time or a number here.
            let mark = delivery.digest
            return try push.changes.enumerated().map { place, change in
                guard let path = change.new?.path ?? change.old?.path else {
                    throw HookRefusal.invalid("/push/changes/\(place): has neither \"old\" nor \"new\"")
                }
                let tip = change.new?.target.hook
                // Of a new ref some commits are listed that other branches may have had long before: its tip alone is surely news.
                let listed = change.old == nil ? [] : change.commits ?? []
                return HookPush(
                    repository: repository.hook, ref: path, before: change.old?.target.hash ?? Self.nowhere,
                    after: tip?.revision ?? Self.nowhere, commits: listed.reversed().map(\.hook), isCut: change.truncated ?? false, head: tip,
                    pusher: actor?.displayName ?? actor?.nickname ?? "", mark: mark)
            }
        }
    }

    private struct Side: Decodable {
        struct Branch: Decodable {
            var name: String
        }

        struct Tip: Decodable {
            /// Its first twelve digits.
            var hash: String
        }

        var branch: Branch
        var commit: Tip
        /// Null when the fork was deleted.
        var repository: Repository?
    }

    private struct Pull: Decodable {
        struct Content: Decodable {
            var id: Int64
            var title: String
            var author: Person?
            var source: Side
            var destination: Side
        }

        var pullrequest: Content
        var repository: Repository

        var pull: HookPull {
            let pull = pullrequest
            let source = pull.source.repository?.hook
            let isFork = source?.name != repository.fullName
            return HookPull(
                repository: repository.hook, source: isFork ? source : nil, number: pull.id, title: pull.title,
                author: pull.author?.displayName ?? pull.author?.nickname ?? "",
                // The repository itself keeps no ref of a request.
                ref: pull.source.branch.name, head: pull.source.commit.hash, headBranch: pull.source.branch.name, headRepository: source?.https ?? "",
                base: pull.destination.commit.hash, baseBranch: pull.destination.branch.name,
                // Its `merge_commit` is the commit that merging made, and there is none yet.
                merge: nil, isFork: isFork,
                // An update may be one of the title alone, and nothing says so: head and base alone tell whether there is anything new to build.
                mark: "")
        }
    }
}
