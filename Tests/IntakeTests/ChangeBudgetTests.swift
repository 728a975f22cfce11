import Domain
import Foundation
import Storage
import Testing
import Wire

@testable import Intake

/// Limits on what a source may bring.
@Suite(.timeLimit(.minutes(5))) struct ChangeBudgetTests {
    private let limit = ChangeLimit(changes: 10, per: .seconds(60))

    @Test("A source may bring what its limit says at once, and more as time passes; a large push comes whole and is worked off")
    func budget() {
        let budget = ChangeBudget()
        let start = ContinuousClock.now
        #expect(budget.wait("s", limit, at: start) == .zero)
        budget.spend(10, of: "s", limit, at: start)
        #expect(budget.wait("s", limit, at: start) == .seconds(6))
        #expect(budget.wait("other", limit, at: start) == .zero && budget.wait("s", nil, at: start) == .zero)
        #expect(budget.wait("s", limit, at: start + .seconds(6)) == .zero)
        budget.spend(21, of: "s", limit, at: start + .seconds(6))
        #expect(budget.wait("s", limit, at: start + .seconds(6)) == .seconds(126))
        #expect(budget.wait("s", limit, at: start + .seconds(132)) == .zero)
        // It saves up no more than the limit says.
        budget.spend(10, of: "s", limit, at: start + .seconds(100_000))
        #expect(budget.wait("s", limit, at: start + .seconds(100_000)) > .zero)
        // Another limit begins anew; a clock that stands still gives nothing.
        #expect(budget.wait("s", ChangeLimit(changes: 5, per: .seconds(1)), at: start) == .zero)
    }

    @Test("Beyond its limit a hook answers 429 and when to come back, once the call is proven; the source says so until a call is taken again")
    func hook() async throws {
        let limit = ChangeLimit(changes: 1, per: .seconds(3600))
        try await HookDoor.with(
            limits: ["generic": limit],
            mend: { hook in
                guard hook.forge == .generic else { return }
                hook.ownProof = HookDoor.token
                hook.mappings = [GenericHookTests.mapping()]
            }
        ) { door in
            func post(_ revision: String, token: String = HookDoor.secret) async throws -> (Int, String?) {
                let body =
                    #"{"kind": "push", "repo": "https://example.org/r", "ref": "refs/heads/main", "commits": [{"id": "\#(revision)", "message": "m"}]}"#
                let response = try await door.post("generic", ["X-Token": token, "X-User": "ada"], Data(body.utf8))
                return (Int(response.status.code), response.headers[.retryAfter])
            }
            #expect(try await post("a").0 == 201)
            let refused = try await post("b")
            #expect(refused.0 == 429 && (Int(refused.1 ?? "") ?? 0) > 3000)
            #expect(try await post("c", token: "guess").0 == 401)
            #expect(try await door.changes().map(\.revision) == ["a"])
            let health = try #require(try await door.store.sourceState("generic").health)
            #expect(!health.healthy && health.message?.contains("1 changes in 3600 s") == true)
        }
    }
}
