import Domain

// Who is sent events, and what was sent.
extension APISchema {
    public static let subscriber = APISchema(
        "Subscriber", "Who is sent events over HTTP, and how that stands.",
        [
            .init("name", SchemaValue.text, "Its name."),
            .init("kind", SchemaValue.words("webhook"), "What it is."),
            .init("url", SchemaValue.text, "Where its events go, without what stands behind a question mark."),
            .init("keys", SchemaValue.texts, "The patterns of the routing keys of its events."),
            .init("state", SchemaValue.word(SubscriberDocument.State.self), "`failing`: the last try failed; `new`: none was made yet."),
            .init("failing_since", SchemaValue.time, "Since when nothing arrived.", isAlways: false),
            .init("error", SchemaValue.text, "What went wrong last.", isAlways: false),
            .init("waiting", SchemaValue.count, "How many events are set aside to be tried again."),
            .init("lag", SchemaValue.count, "How many events it has not come to."),
            .init("lag_seconds", SchemaValue.number, "The age of the oldest of those, in seconds."),
            .init("sent", SchemaValue.count, "How many arrived."),
            .init("failed", SchemaValue.count, "How many tries failed."),
            .init("given_up", SchemaValue.count, "How many events were given up after a day."),
            .init("last_sent", SchemaValue.time, "When the last one arrived.", isAlways: false),
            .init("last_failed", SchemaValue.time, "When the last try failed.", isAlways: false),
            .init("cursor", SchemaValue.text, "How far it is.", isAlways: false),
        ])

    private static let sentEntity = APISchema(
        "SentEntity", "What an event is about.",
        [
            .init("kind", SchemaValue.word(EntityKind.self), "What it is."), .init("id", SchemaValue.id, "Its number."),
            .init("version", SchemaValue.id, "Which of its events this is, from 1."),
        ])

    public static let sending = APISchema(
        "Sending", "One event on its way to a subscriber.",
        [
            .init("id", SchemaValue.id, "Its number."),
            .init("message", SchemaValue.uuid, "The id of the message, the same each time."),
            .init("event", SchemaValue.text, "The event."),
            .init("entity", sentEntity.reference, "What it is about."),
            .init("routing_key", SchemaValue.text, "Its routing key."),
            .init("occurred", SchemaValue.time, "When it happened."),
            .init("outcome", SchemaValue.word(SendingOutcome.self), "What became of it."),
            .init("attempts", SchemaValue.count, "How often it was tried."),
            .init("first", SchemaValue.time, "When it was first tried or set aside."),
            .init("last", SchemaValue.time, "When it was last tried."),
            .init("next", SchemaValue.time, "When it is tried again.", isAlways: false),
            .init("status", SchemaValue.whole, "The status of the last answer.", isAlways: false),
            .init("reason", SchemaValue.text, "What went wrong.", isAlways: false),
        ])

    static let sentAgain = APISchema(
        "SentAgain", "A sending that is repeated.",
        [.init("id", SchemaValue.id, "Its number."), .init("outcome", SchemaValue.word(SendingOutcome.self), "It waits to be sent.")])

    static let outgoingParts = [sentEntity, sentAgain]
}
