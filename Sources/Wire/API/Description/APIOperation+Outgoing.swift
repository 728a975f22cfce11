import Domain

extension APIOperation {
    static let outgoing: [APIOperation] = [
        .whole("/subscribers", "listSubscribers", "subscribers", of: .subscriber, "List who is sent events"),
        .item("/subscribers/{name}", "getSubscriber", "subscribers", .subscriber, "Read a subscriber", by: .name("subscriber")),
        sendings,
        .write(
            "/subscribers/{name}/sendings/{id}/send", "sendAgain", "subscribers", .emptyBody, "Send an event once more", by: .name("subscriber"),
            answers: [.json(.sentAgain, "It is sent again.")]
        ).with(.id("sending")),
    ]

    private static var sendings: APIOperation {
        var operation = APIOperation.pages(
            "/subscribers/{name}/sendings", "listSendings", "subscribers", of: .sending, "List what was sent to a subscriber",
            filters: [.name("subscriber"), .query("outcome", "With this outcome.", SchemaValue.word(SendingOutcome.self))])
        operation.parameters.removeAll { ["since", "until"].contains($0.name) }
        operation.problems = [404]
        return operation
    }

    private func with(_ parameter: APIParameter) -> APIOperation {
        var operation = self
        operation.parameters.append(parameter)
        return operation
    }
}
