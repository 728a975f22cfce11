import Domain
import HTTPDoor
import Hummingbird
import Storage
import Wire

/// What a caller sees: what is of other projects than its own is not there for it.
extension WebService {
    /// - Throws: 404 for what is of another project, as for what is not there.
    func requireVisible(request id: Domain.RequestID, _ principal: Principal) async throws {
        guard principal.isBound else { return }
        guard let row = try await store.request(id), principal.sees(row.stamp.project) else { throw Problem.notFound("there is no request \(id)") }
    }

    func requireVisible(build id: BuildID, _ principal: Principal) async throws {
        guard principal.isBound else { return }
        guard let row = try await store.build(id), principal.sees(row.stamp.project) else { throw Problem.notFound("there is no build \(id)") }
    }

    /// Why something waits, as far as it is about what the caller sees: others stay without names.
    func shown(_ reasons: [WhyDocument.Reason], to principal: Principal) -> [WhyDocument.Reason] {
        guard principal.isBound else { return reasons }
        return reasons.map { reason in
            Self.namesOthers.contains(reason.code)
                ? .init(reason.code, "others come first, or hold what it needs: this token does not say whose") : reason
        }
    }

    private static let namesOthers: Set = ["limit", "lock", "share", "longest_wait", "busy"]
}

extension Principal {
    /// Who did it: what the server knows comes before what somebody says of himself.
    func person(claimed: String?) -> String? { isKnown ? name : claimed }

    /// A reason that nobody gave.
    func reason(_ text: String) -> String { isKnown ? "\(text), by \(name)" : text }
}
