import ServerSupport
import StoragePostgres
import StoreConformance
import Testing

/// The rules of every store, on the one of many processes and a real server.
@Suite(.takingTurns) struct PostgresConformanceTests {
    typealias Conformance = StoreConformance<PostgresStore>

    static let conformance = Conformance { place, clock in
        let url = try await PrivatePostgres.shared().database(for: place)
        let store = try await PostgresStore.open(try PostgresAddress(url), connections: 4, migrating: true, clock: clock)
        Opened.add { try? await store.close() }
        return store
    }

    @Test("Changes and sources", arguments: Conformance.changeRules)
    func changes(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Sources that tell of one repository", arguments: Conformance.mirrorRules)
    func mirrors(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Scheduling", arguments: Conformance.schedulingRules)
    func scheduling(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Tokens and the audit", arguments: Conformance.accessRules)
    func access(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Controls", arguments: Conformance.controlRules)
    func controls(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Configurations and the outbox", arguments: Conformance.outboxRules)
    func outbox(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Sessions", arguments: Conformance.sessionRules)
    func sessions(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Matching", arguments: Conformance.matchingRules)
    func matching(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("What is sent to subscribers", arguments: Conformance.outgoingRules)
    func outgoing(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Limits and locks", arguments: Conformance.boundRules)
    func bounds(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Deadlines", arguments: Conformance.deadlineRules)
    func deadlines(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Shares of projects", arguments: Conformance.projectRules)
    func projects(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Reports", arguments: Conformance.reportRules)
    func reports(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Leases", arguments: Conformance.leaseRules)
    func leases(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Logs", arguments: Conformance.logRules)
    func logs(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Queries", arguments: Conformance.queryRules)
    func queries(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Histories", arguments: Conformance.historyRules)
    func histories(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Needs", arguments: Conformance.needRules)
    func needs(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Schedules", arguments: Conformance.scheduleRules)
    func schedules(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Triggers", arguments: Conformance.triggerRules)
    func triggers(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("What nobody may trust", arguments: Conformance.untrustedRules)
    func untrusted(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Secrets", arguments: Conformance.secretRules)
    func secrets(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Tries", arguments: Conformance.tryRules)
    func tries(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Completions", arguments: Conformance.completionRules)
    func completions(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Superseding", arguments: Conformance.supersedingRules)
    func superseding(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Collapsing", arguments: Conformance.collapsingRules)
    func collapsing(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Requests that another one's build answers", arguments: Conformance.riderRules)
    func riders(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Results that are used again", arguments: Conformance.reuseRules)
    func reuse(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Codebases", arguments: Conformance.codebaseRules)
    func codebases(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Revisions of the configuration", arguments: Conformance.revisionRules)
    func revisions(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Deliveries", arguments: Conformance.deliveryRules)
    func deliveries(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }

    @Test("Controls of builds", arguments: Conformance.buildControlRules)
    func buildControls(_ rule: Conformance.Rule) async throws { try await rule.check(Self.conformance) }
}
