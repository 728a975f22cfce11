import Domain

// What is on record: deliveries of forges, revisions of the configuration, events.
extension APISchema {
    private static let deliveryFields: [SchemaField] = [
        .init("id", SchemaValue.id, "Its number."),
        .init("source", SchemaValue.text, "The source that it was for."),
        .init("delivery", SchemaValue.text, "What the forge calls it.", isAlways: false),
        .init("event", SchemaValue.text, "What the forge says it is about."),
        .init("received", SchemaValue.time, "When it came."),
        .init("redelivered", SchemaValue.time, "When it was read again, the last time.", isAlways: false),
        .init("verdict", SchemaValue.word(DeliveryVerdict.self), "What became of it."),
        .init("reason", SchemaValue.text, "Why.", isAlways: false),
        .init("changes", SchemaValue.count, "How many changes it told of."),
        .init("size", SchemaValue.count, "How many bytes it had."),
        .init("kept", SchemaValue.flag, "It can be read again."),
    ]

    public static let deliverySummary = APISchema("DeliverySummary", "What a forge delivered, in a list.", deliveryFields)

    public static let delivery = APISchema(
        "Delivery", "What a forge delivered.",
        deliveryFields + [
            .init("headers", SchemaValue.labels, "The headers that reading it needs."),
            .init("body", SchemaValue.text, "What came, where it is a text.", isAlways: false),
            .init("body_base64", SchemaValue.text, "What came, where it is none.", isAlways: false),
        ])

    private static let counts = APISchema(
        "RevisionCounts", "How much a revision of the configuration has.",
        [
            .init("sources", SchemaValue.count, "Sources of every kind."),
            .init("schedulers", SchemaValue.count, "Schedulers."),
            .init("builders", SchemaValue.count, "Builders."),
        ])

    private static let revisionFields: [SchemaField] = [
        .init("id", SchemaValue.id, "Its number."),
        .init("digest", SchemaValue.text, "Equal for equal configurations."),
        .init("applied", SchemaValue.time, "Since when it was in force."),
        .init("by", SchemaValue.text, "Who had it applied, as they said it.", isAlways: false),
        .init("restores", SchemaValue.id, "The earlier revision that it is again.", isAlways: false),
        .init("counts", counts.reference, "How much it has."),
    ]

    public static let revisionSummary = APISchema("RevisionSummary", "A revision of the configuration in a list.", revisionFields)

    public static let revision = APISchema(
        "Revision", "A revision of the configuration.",
        revisionFields + [.init("configuration", SchemaValue.open, "The configuration itself.")])

    private static let differentField = APISchema(
        "DifferentField", "A value that differs.",
        [
            .init("pointer", SchemaValue.text, "A JSON pointer from the item, or from the document."),
            .init("from", SchemaValue.any, "Absent: it was not there.", isAlways: false),
            .init("to", SchemaValue.any, "Absent: it is not there any more.", isAlways: false),
        ])

    private static let differentItem = APISchema(
        "DifferentItem", "A source, scheduler or builder that differs.",
        [
            .init("list", SchemaValue.text, "Where it stands in the document."),
            .init("name", SchemaValue.text, "Its name."),
            .init("change", SchemaValue.word(ConfigurationDifference.Change.self), "What happened to it."),
            .init("fields", list(of: differentField), "Empty unless it was changed."),
        ])

    public static let difference = APISchema(
        "Difference", "What differs between two revisions of the configuration.",
        [
            .init("from", SchemaValue.id, "The one revision."),
            .init("to", SchemaValue.id, "The other."),
            .init("fields", list(of: differentField), "What differs outside of items."),
            .init("items", list(of: differentItem), "Sources, schedulers and builders that differ."),
            .init("reordered", SchemaValue.texts, "Lists whose items only changed places."),
        ])

    private static let eventEntity = APISchema(
        "EventEntity", "What an event happened to.",
        [
            .init("kind", SchemaValue.word(EntityKind.self), "What kind of thing."),
            .init("id", SchemaValue.id, "Which of that kind."),
            .init("version", SchemaValue.id, "Counts its events from 1, without a hole."),
        ])

    private static let eventChain = APISchema(
        "EventChain", "What an event hangs together with.",
        [
            .init("id", SchemaValue.uuid, "Ties together all that one change, or one buildset, led to."),
            .init("parents", SchemaValue.uuids, "The chains that led to this one.", isAlways: false),
            .init("changes", SchemaValue.ids, "The changes that led to it.", isAlways: false),
            .init("buildset", SchemaValue.id, "The buildset that it is part of.", isAlways: false),
            .init("request", SchemaValue.id, "The request that it is part of.", isAlways: false),
        ])

    private static let event = APISchema(
        "Event", "An event. What its `data` holds is said by the schema of its kind, at `/schemas/events/v1/EVENT.json`.",
        [
            .init("version", SchemaValue.constant(1), "The version of this form."),
            .init("event", SchemaValue.text, "What happened, such as `build.finished`."),
            .init("id", SchemaValue.uuid, "The event's own id, the same in every delivery."),
            .init("sequence", SchemaValue.count, "The place in the order in which events were written."),
            .init("time", SchemaValue.time, "When it happened."),
            .init("entity", eventEntity.reference, "What it happened to."),
            .init("epoch", SchemaValue.count, "Raised when a restored database forgot what was published."),
            .init("chain", eventChain.reference, "What it hangs together with."),
            .init("data", SchemaValue.open, "What is true of the entity after it happened."),
            .init("links", SchemaValue.labels, "Where to read more, relative to the server."),
        ])

    static let eventPage = APISchema(
        "EventPage", "Events behind a cursor.",
        [
            .init("items", list(of: event), "Oldest first; empty when nothing came in time."),
            .init("next", SchemaValue.text, "Goes into `since` for what comes behind these."),
        ])

    static let eventCursor = APISchema(
        "EventCursor", "A place in the events.", [.init("cursor", SchemaValue.text, "Goes into `since`; opaque.")])

    static let recordParts = [counts, differentField, differentItem, eventEntity, eventChain, event, eventCursor, eventPage]
}
