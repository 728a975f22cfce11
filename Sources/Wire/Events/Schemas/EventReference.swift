import Domain

/// All events in one document for programs (`/references/v1/events.json`): what there is, where it is published, and which schema holds.
public enum EventReference {
    public static let exchange = "exchange/doorbell/v1/events"
    /// The eight words of a routing key. What an event does not have is `_`.
    public static let words = ["entity", "verb", "project", "branch", "builder", "worker", "outcome", "id"]

    public static var document: JSONValue {
        [
            "version": 1,
            "exchange": .string(exchange),
            "routing_key": .array(words.map { .string($0) }),
            "events": .array(
                EventEntry.all.map { entry in
                    [
                        "event": .string(entry.kind.rawValue),
                        "type": .string(entry.type),
                        "summary": .string(entry.summary),
                        "entity": .string(entry.entity.rawValue),
                        "binding": .string("\(entry.kind.rawValue).#"),
                        "schema": .string(entry.schemaID),
                        "data": .array(
                            entry.fields.map { field in
                                ["name": .string(field.name), "always": .bool(field.isAlways), "description": .string(field.text)]
                            }),
                    ]
                }),
        ]
    }
}
