import Domain
import HTTPDoor
import Hummingbird
import Storage
import Wire

extension WebService {
    func addItemRoutes(to router: DoorRouter) {
        router.get("/api/v1/changes/{id}") { request, context in
            let reading = try Reading(request, of: .change)
            let id: ChangeID = try context.id("id")
            guard let change = try await store.change(id), context.principal.sees(change.content.project) else {
                throw Problem.notFound("there is no change \(id)")
            }
            let tellings = try await store.tellings(of: id).map { (source: $0.source, chain: $0.chain, told: $0.told) }
            return try reading.answer(ChangeDocument(change, toldBy: tellings))
        }
        router.get("/api/v1/changes/{id}/why") { request, context in
            let reading = try Reading(request, of: .changeWhy)
            let id: ChangeID = try context.id("id")
            guard let change = try await store.change(id), context.principal.sees(change.content.project) else {
                throw Problem.notFound("there is no change \(id)")
            }
            var fields = BuildsetFields()
            fields.change = id
            fields.projects = context.principal.scope
            let seen = seenConfiguration(context.principal)
            let verdicts = ChangeVerdicts(
                change: change, buildsets: try await store.buildsets(PageQuery(fields, limit: 200)), configuration: seen,
                hidesRules: seen == nil && surroundings.configuration() != nil, isDeciding: try await store.openWork().unclassified,
                tellings: try await store.tellings(of: id))
            return try reading.answer(verdicts.document)
        }
        router.get("/api/v1/buildsets/{id}") { request, context in
            let id: BuildsetID = try context.id("id")
            let reading = try Reading(request, known: ["wait"], of: .buildset)
            return try await answer(reading, context, touchedBy: { $0.touches(id) }) {
                guard let row = try await store.buildset(id), context.principal.sees(row.stamp.project) else {
                    throw Problem.notFound("there is no buildset \(id)")
                }
                return try reading.answer(BuildsetDocument(row))
            }
        }
        router.get("/api/v1/requests/{id}") { request, context in
            let id: Domain.RequestID = try context.id("id")
            let reading = try Reading(request, known: ["wait"], of: .request)
            return try await answer(reading, context, touchedBy: { $0.isOf(.request, id.rawValue) }) {
                guard let row = try await store.request(id), context.principal.sees(row.stamp.project) else {
                    throw Problem.notFound("there is no request \(id)")
                }
                return try reading.answer(RequestDocument(row))
            }
        }
        router.get("/api/v1/requests/{id}/why") { request, context in
            let reading = try Reading(request, of: .why)
            let id: Domain.RequestID = try context.id("id")
            guard let facts = try await store.why(id), context.principal.sees(facts.request.stamp.project) else {
                throw Problem.notFound("there is no request \(id)")
            }
            let configuration = surroundings.configuration()?.configuration
            var reasons = WaitReasons(facts: facts, configuration: configuration)
            if let build = facts.build, build.phase == .running { reasons.triggered = try await store.triggered(by: [build.id]) }
            return try reading.answer(WhyDocument(request: id, phase: facts.request.phase, reasons: shown(reasons.all, to: context.principal)))
        }
        router.get("/api/v1/builds/{id}") { request, context in
            let id: BuildID = try context.id("id")
            let reading = try Reading(request, known: ["wait"], of: .build)
            return try await answer(reading, context, touchedBy: { $0.isOf(.build, id.rawValue) }) {
                guard let document = try await buildDocument(id, for: context.principal) else { throw Problem.notFound("there is no build \(id)") }
                return try reading.answer(document, essence: document.essence)
            }
        }
        addNamedItemRoutes(to: router)
    }

    func buildDocument(_ id: BuildID, for principal: Principal) async throws -> BuildDocument? {
        guard let row = try await store.build(id), principal.sees(row.stamp.project) else { return nil }
        return BuildDocument(
            row, steps: try await store.steps(of: id), logs: try await store.logs(of: id), answers: try await store.requestsAnswered(by: id))
    }

    /// The configuration in force; nil for those who are bound to projects other than its own.
    func seenConfiguration(_ principal: Principal) -> AppliedConfiguration? {
        surroundings.configuration().flatMap { principal.sees($0.configuration.project) ? $0 : nil }
    }

    private func addNamedItemRoutes(to router: DoorRouter) {
        router.get("/api/v1/builders/{name}") { request, context in
            let reading = try Reading(request, of: .builder)
            let name = try context.text("name")
            guard let builder = try await builders().first(where: { $0.name == name }) else {
                throw Problem.notFound("the configuration has no builder of that name")
            }
            return try reading.answer(builder)
        }
        router.get("/api/v1/workers/{name}") { request, context in
            let reading = try Reading(request, of: .worker)
            let name = try context.text("name")
            guard let worker = try await store.workers().first(where: { $0.name == name }) else {
                throw Problem.notFound("no worker of that name has connected")
            }
            return try reading.answer(WorkerDocument(worker))
        }
        router.get("/api/v1/schedulers/{name}") { request, context in
            let reading = try Reading(request, of: .scheduler)
            guard let rule = surroundings.configuration()?.configuration.scheduler(named: try context.text("name")) else {
                throw Problem.notFound("the configuration has no scheduler of that name")
            }
            return try reading.answer(rule)
        }
        router.get("/api/v1/sources/{name}") { request, context in
            let reading = try Reading(request, of: .source)
            let name = try context.text("name")
            guard let source = try await sources().first(where: { $0.name == name }) else {
                throw Problem.notFound("the configuration has no source of that name")
            }
            return try reading.answer(source)
        }
        router.get("/api/v1/doctor") { request, _ in
            let reading = try Reading(request, of: .doctor)
            return try reading.answer(DoctorDocument(checks: try await Doctor(store: store, configuration: surroundings.configuration()).checks()))
        }
    }
}
