import Domain
import HTTPDoor
import Hummingbird
import Storage
import Wire

extension WebService {
    func addDeliveryRoutes(to router: DoorRouter) {
        router.get("/api/v1/deliveries") { request, _ in
            let reading = try list(request, ["source", "verdict"], of: .deliverySummary)
            let parameters = reading.parameters
            var fields = DeliveryFields()
            fields.source = parameters.text("source")
            fields.verdict = try parameters.word("verdict")
            let query = try parameters.page(fields)
            return try page(await store.deliveries(beyond(query)), query, reading, id: \.id.rawValue, DeliverySummary.init)
        }
        router.get("/api/v1/deliveries/{id}") { request, context in
            let reading = try Reading(request, of: .delivery)
            let kept = try await kept(context)
            return try reading.answer(DeliveryDocument(summary: DeliverySummary(kept.row), headers: kept.headers, body: kept.body))
        }
        router.post("/api/v1/deliveries/{id}/redeliver") { request, context in
            let kept = try await kept(context)
            _ = try await request.json(EmptyBody.self)
            return try Response.json(try await surroundings.redeliver(kept, AuditNote(context.principal, "redeliver")))
        }
    }

    private func kept(_ context: DoorContext) async throws -> KeptDelivery {
        let id: DeliveryID = try context.id("id")
        guard let kept = try await store.delivery(id) else {
            throw Problem.notFound("there is no delivery \(id): they are kept for seven days, and the newest of each source")
        }
        return kept
    }
}

extension DeliverySummary {
    init(_ row: DeliveryRow) {
        let judgement = row.judgement
        self.init(
            id: row.id, source: row.source, delivery: row.name, event: row.event, received: row.received, redelivered: row.redelivered,
            verdict: judgement.verdict, reason: judgement.reason.isEmpty ? nil : judgement.reason, changes: judgement.changes, size: row.size,
            kept: row.isKept)
    }
}
