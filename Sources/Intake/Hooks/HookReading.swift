import Domain
import HTTPDoor
import Wire

/// What a delivery tells of, by the configuration of its source. Pure.
struct HookReading: Sendable {
    let hook: HookConfiguration
    let project: String

    /// The changes, oldest first, or why there are none.
    ///
    /// - Throws: what is wrong with it, in whatever form its reader found it.
    func read(_ delivery: HookDelivery) throws -> (changes: [NewChange], reason: String?) {
        let (changes, reason) = hook.forge == .generic ? try mapped(delivery) : HookChanges(hook: hook, project: project).make(try event(delivery))
        guard changes.count <= Self.mostChanges else {
            throw HookRefusal.invalid("it tells of \(changes.count) changes, and at most \(Self.mostChanges) are taken of one call")
        }
        if let fault = ChangeBounds.fault(in: changes) { throw HookRefusal.invalid(fault) }
        return (changes, reason)
    }

    /// They are one transaction. GitHub lists 2048 commits at most.
    static let mostChanges = 5000

    private func event(_ delivery: HookDelivery) throws -> HookEvent {
        switch hook.forge {
        case .github, .gitea: try GitHubHook.event(delivery)
        case .gitlab: try GitLabHook.event(delivery)
        case .bitbucket: try BitbucketHook.event(delivery)
        case .bitbucketServer: try BitbucketServerHook(hook: hook).event(delivery)
        case .gerrit: try GerritHook(hook: hook).event(delivery)
        case .generic: .nothing("a mapping reads it")
        }
    }

    /// What the source's own mapping says.
    private func mapped(_ delivery: HookDelivery) throws -> (changes: [NewChange], reason: String?) {
        let name = hook.delivery.flatMap { delivery.header($0) }.flatMap { $0.isEmpty ? nil : $0 }
        // Where a code of the body is all that was proven, a header may be anybody's: the body alone tells calls apart.
        let isVouched = if case .signature = hook.proof { false } else { true }
        let identity: MappedChanges.Identity =
            if isVouched, let name { .name(name) } else { .content(from: "hook", body: delivery.body) }
        do {
            let message = MappedMessage(body: try MappedChanges.document(delivery.body), headers: delivery.headers, id: name)
            let changes = try MappedChanges(source: hook.name, project: project, mappings: hook.mappings ?? []).make(message, identity: identity)
            guard let changes else { return ([], "no mapping of the source means it") }
            return (changes, changes.isEmpty ? "the list that its mapping names is empty" : nil)
        } catch {
            throw HookRefusal.invalid(error.description)
        }
    }

    /// How an error of `read` is told to strangers.
    static func problem(_ error: any Error) -> Problem {
        switch error {
        case HookRefusal.unsigned(let reason): .unauthorized(reason)
        case HookRefusal.invalid(let reason): .badRequest(reason)
        case let error as DecodingError: error.problem
        case let error as any ProblemConvertible: error.problem
        case let error as Problem: error
        default: .unavailable("it was not taken: \(error)")
        }
    }
}
