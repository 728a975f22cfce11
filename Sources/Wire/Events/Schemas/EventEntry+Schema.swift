import Domain

extension EventEntry {
    /// The JSON Schema (2020-12) of the whole event. It is open: a consumer that validates takes what later versions add.
    public var schema: JSONValue {
        var document = SchemaField.object([
            .init("version", SchemaValue.constant(1), "The version of this form."),
            .init("event", SchemaValue.constant(.string(kind.rawValue)), "What happened."),
            .init("id", SchemaValue.uuid, "The event's own id, the same in every delivery."),
            .init("sequence", SchemaValue.count, "The place in the order in which events were written."),
            .init("time", SchemaValue.time, "When it happened, by the database's clock."),
            .init(
                "entity",
                SchemaField.object([
                    .init("kind", SchemaValue.constant(.string(entity.rawValue)), "What kind of thing it happened to."),
                    .init("id", SchemaValue.id, "Which of that kind."),
                    .init("version", SchemaValue.id, "Counts the events of this entity from 1, without a hole."),
                ]), "What it happened to."),
            .init("epoch", SchemaValue.count, "Raised when a restored database forgot what was published: see deployment.rewound."),
            .init(
                "chain",
                SchemaField.object([
                    .init("id", SchemaValue.uuid, "Ties together all that one change, or one buildset, led to."),
                    .init("parents", SchemaValue.uuids, "The chains that led to this one.", isAlways: false),
                    .init("changes", SchemaValue.ids, "The changes that led to it.", isAlways: false),
                    .init("buildset", SchemaValue.id, "The buildset that it is part of.", isAlways: false),
                    .init("request", SchemaValue.id, "The request that it is part of.", isAlways: false),
                ]), "What it hangs together with."),
            .init("data", SchemaField.object(fields), "What is true of the entity after it happened."),
            .init(
                "links", SchemaField.object([.init("self", SchemaValue.text, "The entity in the HTTP API, relative to the server.")]),
                "Where to read more."),
        ])
        document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        document["$id"] = .string(schemaID)
        document["title"] = .string(kind.rawValue)
        document["description"] = .string(summary)
        return .object(document)
    }
}
