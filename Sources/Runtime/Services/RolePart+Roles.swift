import BuildDispatch
import Domain
import HTTPDoor
import Intake
import Scheduling
import Signals
import Storage
import Web
import Wire

/// The services, each made from what its process has.
extension RolePart {
    static func intake(_ context: ProcessContext, poller: SourcePoller, spool: ChangeSpool?) -> RolePart {
        let store = context.store.store
        let intake = ChangeIntake(store: store, bell: context.bell.bell, deployment: store.deployment, spool: spool)
        let hooks = intake.hooks(
            configuration: { context.configuration()?.configuration }, deliveries: store, health: store,
            logger: context.makeLogger("hooks"))
        let factory = FeedFactory(own: context.broker, logger: context.makeLogger("feed"))
        let feeds = FeedIntake(
            store: store, bell: context.bell.bell, configuration: context.configuration, logger: context.makeLogger("feed"), make: factory.make)
        let feedHealth = FeedHealth(feeds: feeds)
        var part = RolePart(
            loops: poller.loops + feeds.loops + intake.loops(logger: context.makeLogger("intake")),
            checks: [{ poller.health }, { feedHealth.check() }],
            metrics: [{ HookMetrics(counters: hooks.counters).add(to: &$0) }, { feedHealth.addMetrics(to: &$0) }],
            addRoutes: { router in
                intake.addRoutes(to: router)
                poller.addRoutes(to: router)
                hooks.addRoutes(to: router)
            })
        if let spool {
            let health = SpoolHealth(spool: spool)
            part.checks.append { health.check() }
            part.metrics.append { health.addMetrics(to: &$0) }
        }
        return part
    }

    static func scheduler(_ context: ProcessContext) -> RolePart {
        let scheduling = SchedulingService(
            store: context.store.store, bell: context.bell.bell, configuration: context.configuration, logger: context.makeLogger("scheduling"))
        let removals = RemovalPass(store: context.store.store, bell: context.bell.bell, logger: context.makeLogger("scheduling"))
        let deadlines = DeadlinePass(store: context.store.store, bell: context.bell.bell, logger: context.makeLogger("scheduling"))
        return RolePart(
            loops: scheduling.loops + [removals.loop, deadlines.loop], metrics: [{ SchedulingMetrics(service: scheduling).add(to: &$0) }])
    }

    static func dispatcher(_ context: ProcessContext) -> RolePart {
        let presence = context.presence
        let beat: @Sendable ([SessionID]) async throws -> BeatAnswer = { try await presence.beat(sessions: $0) }
        let dispatch = DispatchService(
            store: context.store.store, bell: context.bell.bell, logs: context.logs, lease: context.settings.lease, storeClock: context.store.clock,
            beat: context.store.isShared ? beat : nil, secretsDirectory: context.settings.secretsDirectory,
            access: context.access, logger: context.makeLogger("dispatch"))
        return RolePart(
            loops: dispatch.loops, services: dispatch.services, metrics: [{ DispatchMetrics(service: dispatch).add(to: &$0) }],
            beat: { try await dispatch.beat() }, onAccess: { dispatch.endUnfounded() },
            addRoutes: { router in dispatch.addRoutes(to: router) })
    }

    static func web(_ context: ProcessContext) -> RolePart {
        let keeper = context.keeper
        let store = context.store.store
        // What forges delivered is read again wherever it is asked for; the intake that took it may be another process.
        let hooks = ChangeIntake(store: store, bell: context.bell.bell, deployment: store.deployment).hooks(
            configuration: { context.configuration()?.configuration }, deliveries: store, logger: context.makeLogger("hooks"))
        let web = WebService(
            store: store, bell: context.bell.bell, logs: context.logs,
            surroundings: .init(
                configuration: context.configuration,
                reload: { note in
                    guard keeper.path != nil else {
                        throw Problem.conflict("this service was started without a configuration file: name one, as in `doorbell config apply FILE`")
                    }
                    return try Self.answer(try await keeper.reload(audit: note))
                },
                apply: { body, note in
                    try Self.answer(try await keeper.apply(body.files.map { ($0.name, $0.text) }, by: body.by, expect: body.expect, audit: note))
                },
                restore: { try Self.answer(try await keeper.apply($0)) },
                redeliver: { try await hooks.redeliver($0, audit: $1) }),
            access: context.access,
            logger: context.makeLogger("web"))
        let feed = web.feed
        return RolePart(
            loops: [feed.loop], services: [feed] + (context.store.isShared ? [LogFollower(logs: context.logs, bell: context.bell)] : []),
            metrics: [{ $0.add("event_streams", .gauge, "Clients that follow the events.", feed.subscriberCount) }],
            // Whoever follows a log hears now whether they still may.
            onAccess: { context.logs.ringFollowers() },
            addRoutes: { router in web.addRoutes(to: router) })
    }

    private static func answer(_ outcome: ConfigurationKeeper.Outcome) throws -> (changed: Bool, id: ConfigurationID?) {
        switch outcome {
        case .applied(let applied): return (true, applied.id)
        case .unchanged(let applied): return (false, applied?.id)
        case .refused(let problems):
            throw Problem(
                status: 422, code: "invalid_configuration", title: "The configuration is refused, and the one in force stays",
                errors: problems.problems.prefix(50).map { .init(pointer: "", detail: $0.description) })
        }
    }
}

extension SourcePoller {
    /// Sources that cannot be read are worth a word; everything else goes on.
    fileprivate var health: Health {
        let failing = reports().compactMap { report in report.problem.map { "source \(report.name): \($0.replacing("\n", with: " "))" } }
        return failing.isEmpty ? .ready : .degraded(failing.joined(separator: "\n"))
    }
}
