import Domain
import HTTPDoor
import Hummingbird
import Storage
import Wire

extension WebService {
    func addSubscriberRoutes(to router: DoorRouter) {
        router.get("/api/v1/subscribers") { request, _ in
            let reading = try Reading(request, of: .subscriber)
            return try reading.answer(list: PageDocument(items: try await subscriberDocuments(), next: nil))
        }
        router.get("/api/v1/subscribers/{name}") { request, context in
            let reading = try Reading(request, of: .subscriber)
            return try reading.answer(try await subscriber(context))
        }
        router.get("/api/v1/subscribers/{name}/sendings") { request, context in
            // Times of sendings change when they are repeated: their numbers do not go by them.
            let reading = try Reading(request, known: QueryParameters.page.subtracting(["since", "until"]).union(["outcome"]), of: .sending)
            let parameters = reading.parameters
            let subscriber = try await subscriber(context)
            let query = try parameters.page(SendingFields(subscriber: subscriber.name, outcome: try parameters.word("outcome")))
            return try page(await store.sendings(beyond(query)), query, reading, id: \.id.rawValue, SendingDocument.init)
        }
        router.post("/api/v1/subscribers/{name}/sendings/{id}/send") { request, context in
            let subscriber = try await subscriber(context)
            let id: SendingID = try context.id("id")
            _ = try await request.json(EmptyBody.self)
            guard try await store.sendAgain(id, to: subscriber.name, audit: AuditNote(context.principal, "send", detail: "to \(subscriber.name)"))
            else {
                throw Problem.notFound("subscriber \(subscriber.name) has no sending \(id): they are kept for seven days, and the newest of each")
            }
            bell.ring(.outgoing)
            return try Response.json(SendAgainAnswer(id: id, outcome: .waiting))
        }
    }

    private func subscriber(_ context: DoorContext) async throws -> SubscriberDocument {
        let name = try context.text("name")
        guard let found = try await subscriberDocuments().first(where: { $0.name == name }) else {
            throw Problem.notFound("the configuration has no subscriber of that name")
        }
        return found
    }

    /// Those of the configuration; what the store has of others is forgotten soon.
    private func subscriberDocuments() async throws -> [SubscriberDocument] {
        let webhooks = surroundings.configuration()?.configuration.webhooks ?? []
        guard !webhooks.isEmpty else { return [] }
        let rows = Dictionary(try await store.subscribers().map { ($0.name, $0) }) { first, _ in first }
        return webhooks.sorted { $0.name < $1.name }.map { SubscriberDocument($0, rows[$0.name]) }
    }
}

private struct SendAgainAnswer: Encodable {
    var id: SendingID
    var outcome: SendingOutcome
}

extension SubscriberDocument {
    init(_ webhook: Webhook, _ row: SubscriberRow?) {
        let url = String(webhook.url.prefix { $0 != "?" })
        guard let row else {
            self.init(name: webhook.name, kind: "webhook", url: url, keys: webhook.keys, state: .new)
            return
        }
        self.init(
            name: webhook.name, kind: "webhook", url: url, keys: webhook.keys, state: row.failingSince == nil ? .healthy : .failing,
            failingSince: row.failingSince, error: row.error.isEmpty ? nil : row.error, waiting: row.waiting, lag: row.lag,
            lagSeconds: row.age.inSeconds, sent: row.sent, failed: row.failed, givenUp: row.givenUp, lastSent: row.lastSent,
            lastFailed: row.lastFailed, cursor: row.cursor.description)
    }
}

extension SendingDocument {
    init(_ row: SendingRow) {
        let (sending, event) = (row.sending, row.sending.event)
        self.init(
            id: row.id, message: event.messageID, event: event.kind,
            entity: .init(kind: event.entity, id: event.entityID, version: event.entityVersion), routingKey: event.routingKey,
            occurred: event.occurred,
            outcome: sending.outcome, attempts: sending.attempts, first: sending.first, last: sending.last, next: sending.next,
            status: sending.status,
            reason: sending.reason.isEmpty ? nil : sending.reason)
    }
}
