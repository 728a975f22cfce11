import Domain
import Foundation

/// Reads the calls of Gerrit's webhooks plugin: each is one of its stream events, as its documentation of `gerrit stream-events` describes them.
struct GerritHook {
    let hook: HookConfiguration

    func event(_ delivery: HookDelivery) throws -> HookEvent {
        let decoder = HookJSON.decoder
        let kind = try decoder.decode(Kind.self, from: delivery.body)
        let mark = kind.eventCreatedOn.map { String($0) } ?? delivery.digest
        switch kind.type {
        case "ref-updated":
            let event = try decoder.decode(Updated.self, from: delivery.body)
            return .pushes([push(event.refUpdate, by: event.submitter, mark)])
        case "batch-ref-updated":
            let event = try decoder.decode(BatchUpdated.self, from: delivery.body)
            return .pushes(event.refUpdates.map { push($0, by: event.submitter, mark) })
        case "patchset-created": return .pull(pull(try decoder.decode(Created.self, from: delivery.body), mark))
        default: return .nothing("events of kind \(kind.type.prefix(100)) make no change")
        }
    }

    /// No event names the address of a project.
    private func repository(_ project: String) -> HookRepository {
        let path = project.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? project
        let url = "\(hook.url ?? "")/\(path)"
        return HookRepository(name: project, https: url, ssh: url)
    }

    private func push(_ update: Update, by submitter: Person?, _ mark: String) -> HookPush {
        HookPush(
            repository: repository(update.project),
            // Gerrits before 2.12 tell the short names of branches.
            ref: update.refName.hasPrefix("refs/") ? update.refName : "refs/heads/\(update.refName)", before: update.oldRev, after: update.newRev,
            commits: [], isCut: true, head: nil, pusher: submitter?.text ?? "", mark: mark)
    }

    private func pull(_ event: Created, _ mark: String) -> HookPull {
        let repository = repository(event.change.project)
        let patchSet = event.patchSet
        return HookPull(
            repository: repository, number: event.change.number.value, title: event.change.subject,
            author: (patchSet.author ?? patchSet.uploader)?.text ?? "", ref: patchSet.ref, head: patchSet.revision,
            headBranch: event.change.topic ?? event.change.id, headRepository: repository.https, base: patchSet.parents?.first ?? "",
            baseBranch: event.change.branch, merge: nil,
            // Whoever may read a project may push to `refs/for/…` in it.
            isFork: true, mark: mark)
    }

    private struct Kind: Decodable {
        var type: String
        /// Seconds since 1970.
        var eventCreatedOn: Int64?
    }

    private struct Person: Decodable {
        var name: String?
        var email: String?
        var username: String?

        var text: String {
            let name = name ?? username ?? ""
            return email.map { name.isEmpty ? $0 : "\(name) <\($0)>" } ?? name
        }
    }

    private struct Update: Decodable {
        var project: String
        var refName: String
        var oldRev: String
        /// Zeros when it was deleted.
        var newRev: String
    }

    private struct Updated: Decodable {
        var submitter: Person?
        var refUpdate: Update
    }

    private struct BatchUpdated: Decodable {
        var submitter: Person?
        var refUpdates: [Update]
    }

    /// A text before Gerrit 2.15, a number since.
    private struct Number: Decodable {
        var value: Int64

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self), let value = Int64(text) {
                self.value = value
            } else {
                value = try container.decode(Int64.self)
            }
        }
    }

    private struct Created: Decodable {
        struct Change: Decodable {
            var project: String
            var branch: String
            var id: String
            var number: Number
            var subject: String
            var topic: String?
        }

        struct PatchSet: Decodable {
            var revision: String
            var parents: [String]?
            /// `refs/changes/…`
            var ref: String
            var uploader: Person?
            var author: Person?
        }

        var change: Change
        var patchSet: PatchSet
    }
}
