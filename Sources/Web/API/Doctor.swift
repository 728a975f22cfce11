import Domain
import Storage
import Wire

/// What `doorbell doctor` checks: services, configuration, sources, workers, queue.
struct Doctor {
    let store: any Store
    let configuration: AppliedConfiguration?

    /// A request that waits longer than this is worth a look.
    static let longWait: Duration = .seconds(600)

    func checks() async throws -> [DoctorDocument.Check] {
        let services = DoctorServices(services: try await store.services().map(ServiceDocument.init)).checks
        guard let configuration else {
            return services + [
                .init("configuration", .fail, "none is in force", remedy: "write doorbell.yaml (`doorbell init`) and run `doorbell config apply`")
            ]
        }
        let workers = try await store.workers()
        let counts = try await store.builderCounts()
        let now = try await store.now()
        return services + [.init("configuration", .ok, "version \(configuration.id), applied \(configuration.applied)")]
            + sourceChecks(configuration.configuration, try await store.sources())
            + (try await subscriberChecks(configuration.configuration))
            + [workerCheck(workers)]
            + builderChecks(configuration.configuration, workers, counts)
            + [waitCheck(counts, now)]
    }

    private func sourceChecks(_ configuration: Configuration, _ states: [String: SourceState]) -> [DoctorDocument.Check] {
        // Forges call when they like: of them there is nothing to check.
        configuration.readSourceNames.map { name in
            guard let state = states[name], state.position != nil || state.health != nil else {
                return .init("source \(name)", .warn, "it has not been read yet", remedy: "wait for the first contact, or start an intake")
            }
            guard let health = state.health, !health.healthy else { return .init("source \(name)", .ok, "it is read") }
            return .init("source \(name)", .fail, "since \(health.since): \(health.message ?? "it cannot be read")")
        }
    }

    private func subscriberChecks(_ configuration: Configuration) async throws -> [DoctorDocument.Check] {
        guard !configuration.webhooks.isEmpty else { return [] }
        let rows = Dictionary(try await store.subscribers().map { ($0.name, $0) }) { first, _ in first }
        return configuration.webhooks.map { webhook in
            let name = "subscriber \(webhook.name)"
            guard let row = rows[webhook.name] else {
                return .init(name, .warn, "nobody has looked after it yet", remedy: "start a relay, or wait a moment")
            }
            guard let since = row.failingSince else {
                let waits = row.waiting == 0 ? "" : "; \(row.waiting) events are set aside"
                return .init(name, row.waiting == 0 ? .ok : .warn, "\(row.sent) events arrived\(waits)")
            }
            return .init(
                name, .warn, "nothing arrived since \(since): \(row.error)", remedy: "`doorbell subscribers \(webhook.name)` lists what waits")
        }
    }

    private func workerCheck(_ workers: [WorkerRow]) -> DoctorDocument.Check {
        let connected = workers.filter(\.connected)
        guard !connected.isEmpty else {
            return .init("workers", .fail, "none is connected", remedy: "start one with `doorbell-worker --url …`")
        }
        let paused = connected.filter(\.paused)
        let slots = connected.reduce(0) { $0 + $1.slots }
        let busy = connected.reduce(0) { $0 + $1.builds.count }
        return .init(
            "workers", paused.count == connected.count ? .warn : .ok,
            "\(connected.count) connected, \(busy) of \(slots) slots busy" + (paused.isEmpty ? "" : ", \(paused.count) paused"))
    }

    private func builderChecks(_ configuration: Configuration, _ workers: [WorkerRow], _ counts: [BuilderCounts]) -> [DoctorDocument.Check] {
        let unserved = configuration.builders.filter { builder in
            !workers.contains { $0.connected && !$0.paused && $0.labels.satisfy(builder.labels) }
        }
        var checks = unserved.map { builder in
            let waiting = counts.first { $0.builder == builder.name }?.pending ?? 0
            return DoctorDocument.Check(
                "builder \(builder.name)", waiting > 0 ? .fail : .warn, "no connected worker can build it; \(Self.waiting(waiting))",
                remedy: "`doorbell why REQUEST` names what is missing")
        }
        for count in counts where count.pending > 0 && configuration.builder(named: count.builder) == nil {
            checks.append(
                .init(
                    "builder \(count.builder)", .fail, "the configuration does not have it; \(Self.waiting(count.pending))",
                    remedy: "bring it back, or cancel them"))
        }
        return checks
    }

    private static func waiting(_ count: Int) -> String { count == 1 ? "1 request waits" : "\(count) requests wait" }

    private func waitCheck(_ counts: [BuilderCounts], _ now: Timestamp) -> DoctorDocument.Check {
        let pending = counts.reduce(0) { $0 + $1.pending }
        guard let oldest = counts.compactMap(\.oldestPending).min() else { return .init("queue", .ok, "nothing waits") }
        let wait = now.since(oldest)
        return .init(
            "queue", wait > Self.longWait ? .warn : .ok, "\(Self.waiting(pending)), the oldest for \(PageText.duration(wait))")
    }
}
