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
        let event = try hook.forge == .gitlab ? GitLabHook.event(delivery) : GitHubHook.event(delivery)
        let (changes, reason) = HookChanges(hook: hook, project: project).make(event)
        for (place, change) in changes.enumerated() {
            let problems = change.problems
            guard problems.isEmpty else {
                throw HookRefusal.invalid(
                    "change \(place + 1) of \(changes.count): " + problems.map { "\($0.pointer) \($0.detail)" }.joined(separator: "; "))
            }
        }
        return (changes, reason)
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
