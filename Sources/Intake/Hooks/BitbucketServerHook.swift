import Domain
import Foundation

/// Reads the calls of Bitbucket Data Center, and of Server before it, as Atlassian's "Event payload" describes them.
struct BitbucketServerHook {
    let hook: HookConfiguration

    func event(_ delivery: HookDelivery) throws -> HookEvent {
        guard let kind = delivery.header("x-event-key") else {
            throw HookRefusal.invalid("there is no X-Event-Key: is this the address of another forge's source?")
        }
        switch kind {
        case "repo:refs_changed":
            let push = try HookJSON.decoder.decode(Push.self, from: delivery.body)
            let repository = try repository(push.repository)
            return .pushes(push.changes.map { push.hook($0, in: repository, mark: delivery.digest) })
        case "pr:opened", "pr:from_ref_updated":
            return .pull(try pull(try HookJSON.decoder.decode(Pull.self, from: delivery.body).pullRequest, delivery))
        case "diagnostics:ping": return .nothing("the hook is set up: pushes will make changes")
        case "repo:push", "pullrequest:created", "pullrequest:updated":
            throw HookRefusal.invalid("it is a call of Bitbucket Cloud: say \"hook: bitbucket\" in the source")
        default: return .nothing("events of kind \(kind.prefix(100)) make no change")
        }
    }

    /// Servers before 7 name no addresses, and those without ssh none of it.
    private func repository(_ repository: Repository) throws -> HookRepository {
        func link(_ name: String) -> String? { repository.links?.clone?.first { $0.name == name }?.href }
        let https = link("http") ?? hook.url.map { "\($0)/scm/\(repository.project.key.lowercased())/\(repository.slug).git" }
        let ssh = link("ssh")
        guard (hook.address == .ssh ? ssh : https) != nil else {
            throw HookRefusal.invalid(
                "it names no \(hook.address.rawValue) address of \(repository.name): "
                    + (hook.address == .ssh ? "turn ssh on at the server, or" : "give the source its \"url\", or") + " change \"address\"")
        }
        return HookRepository(name: repository.name, https: https ?? "", ssh: ssh ?? "")
    }

    private func pull(_ pull: Pull.Content, _ delivery: HookDelivery) throws -> HookPull {
        let (head, base) = (pull.fromRef, pull.toRef)
        return HookPull(
            repository: try repository(base.repository), number: pull.id, title: pull.title, author: pull.author?.user.text ?? "",
            ref: "refs/pull-requests/\(pull.id)/from", head: head.latestCommit, headBranch: head.displayId,
            headRepository: (try? repository(head.repository))?.https ?? "", base: base.latestCommit, baseBranch: base.displayId,
            // It makes a test merge, and tells nobody which.
            merge: nil, isFork: head.repository.name != base.repository.name, mark: delivery.digest)
    }

    private struct Repository: Decodable {
        struct Project: Decodable {
            var key: String
        }

        struct Links: Decodable {
            var clone: [Link]?
        }

        struct Link: Decodable {
            var href: String
            /// `http`, also of https, or `ssh`.
            var name: String?
        }

        var slug: String
        var project: Project
        var links: Links?

        var name: String { "\(project.key)/\(slug)" }
    }

    private struct Person: Decodable {
        var name: String?
        var displayName: String?
        var emailAddress: String?

        var text: String {
            let name = displayName ?? name ?? ""
            return emailAddress.map { name.isEmpty ? $0 : "\(name) <\($0)>" } ?? name
        }
    }

    private struct Push: Decodable {
        struct Change: Decodable {
            struct Reference: Decodable {
                var id: String
            }

            var ref: Reference
            var fromHash: String
            /// Zeros when it was deleted.
            var toHash: String
        }

        /// Newer servers describe the newest commit.
        struct Tip: Decodable {
            var id: String
            var message: String?
            var author: Person?
            /// Milliseconds since 1970.
            var authorTimestamp: Int64?
        }

        var actor: Person?
        var repository: Repository
        var changes: [Change]
        var toCommit: Tip?

        /// Commits are not listed.
        func hook(_ change: Change, in repository: HookRepository, mark: String) -> HookPush {
            let pusher = actor?.text ?? ""
            let tip = toCommit.flatMap { $0.id == change.toHash ? $0 : nil }
            let head = tip.map { tip in
                HookCommit(
                    revision: tip.id, author: tip.author?.text ?? pusher, message: tip.message ?? "", files: [],
                    when: tip.authorTimestamp.map { Timestamp(seconds: Double($0) / 1000) })
            }
            return HookPush(
                repository: repository, ref: change.ref.id, before: change.fromHash, after: change.toHash, commits: [], isCut: true, head: head,
                pusher: pusher, mark: mark)
        }
    }

    private struct Pull: Decodable {
        struct Author: Decodable {
            var user: Person
        }

        struct Side: Decodable {
            var displayId: String
            var latestCommit: String
            var repository: Repository
        }

        struct Content: Decodable {
            var id: Int64
            var title: String
            var author: Author?
            var fromRef: Side
            var toRef: Side
        }

        var pullRequest: Content
    }
}
