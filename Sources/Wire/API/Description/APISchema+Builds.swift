import Domain

// What is built: changes, buildsets, requests, builds.
extension APISchema {
    public static let change = APISchema(
        "Change", "An accepted change.",
        [
            .init("id", SchemaValue.id, "Its number."),
            .init("chain", SchemaValue.uuid, "Ties together all that it led to."),
            .init("accepted", SchemaValue.time, "When it was on disk."),
            .init("source", SchemaValue.text, "The source that brought it."),
            .init("project", SchemaValue.text, "The project it belongs to."),
            .init("repository", SchemaValue.text, "The address of its repository."),
            .init("branch", SchemaValue.text, "The branch or tag that was pushed."),
            .init("revision", SchemaValue.text, "The revision that the branch has now."),
            .init("author", SchemaValue.text, "Who made it."),
            .init("comments", SchemaValue.text, "What the author says of it."),
            .init("files", SchemaValue.texts, "The files it touches."),
            .init("category", SchemaValue.text, "What kind of change it is, such as `pull`; empty for a common push."),
            .init("when", SchemaValue.time, "When it was made, as its source says.", isAlways: false),
            .init("properties", SchemaValue.open, "Values that travel with it, by name."),
            .init("dedupe_key", SchemaValue.text, "By what a repeat of it is recognised.", isAlways: false),
            .init("submitted_by", SchemaValue.text, "The token that it was submitted with.", isAlways: false),
            .init("told_by", APISchema.list(of: telling), "The other sources that told of it; only where one change is asked for.", isAlways: false),
        ])

    static let telling = APISchema(
        "Telling", "A source that told of a change which another had told of.",
        [
            .init("source", SchemaValue.text, "The source."), .init("chain", SchemaValue.uuid, "The chain that it was promised."),
            .init("told", SchemaValue.time, "When it told."),
        ])

    static let stamp = APISchema(
        "SourceStamp", "What is checked out.",
        [
            .init("project", SchemaValue.text, "The project it belongs to."),
            .init("repository", SchemaValue.text, "The address of the repository."),
            .init("branch", SchemaValue.text, "The branch."),
            .init("revision", SchemaValue.text, "The revision; absent: whatever the branch has when it is checked out.", isAlways: false),
            .init("codebase", SchemaValue.text, "Which of several repositories it is; empty where there is one."),
            .init("patch", SchemaValue.digest, "The SHA-256 of the patch that goes onto it.", isAlways: false),
        ])

    static let property = APISchema(
        "Property", "A value that travels with a build.",
        [
            .init("value", SchemaValue.any, "The value: anything that JSON has."),
            .init("source", SchemaValue.text, "Who set it, such as `change` or `scheduler nightly`."),
        ])

    private static let properties: [String: JSONValue] = ["type": "object", "additionalProperties": .object(property.reference)]
    private static let stamps = SchemaField(
        "stamps", APISchema.list(of: stamp), "Of several repositories: all of them, the main one first.", isAlways: false)

    public static let buildset = APISchema(
        "Buildset", "One decision to build some builders.",
        [
            .init("id", SchemaValue.id, "Its number."),
            .init("scheduler", SchemaValue.text, "The scheduler that decided it; empty when a person did."),
            .init("reason", SchemaValue.text, "Why, in words."),
            .init("chain", SchemaValue.uuid, "Ties together all that it led to."),
            .init("parents", SchemaValue.uuids, "The chains that led to it."),
            .init("stamp", APISchema.stamp.reference, "What is built."),
            stamps,
            .init("changes", SchemaValue.ids, "The changes that it builds."),
            .init("created", SchemaValue.time, "When it was decided."),
            .init("finished", SchemaValue.time, "When the last of its requests ended.", isAlways: false),
            .init("outcome", SchemaValue.word(Outcome.self), "The worst outcome of its requests.", isAlways: false),
            .init("open_requests", SchemaValue.count, "How many of its requests have not ended."),
            .init("properties", properties, "Values that its builds see."),
            .init("configuration", SchemaValue.id, "The revision of the configuration that it was planned under.", isAlways: false),
        ])

    public static let request = APISchema(
        "BuildRequest", "A builder is asked to build something.",
        [
            .init("id", SchemaValue.id, "Its number."),
            .init("buildset", SchemaValue.id, "The buildset it is part of."),
            .init("builder", SchemaValue.text, "The builder."),
            .init("phase", SchemaValue.word(RequestPhase.self), "How far it is."),
            .init("outcome", SchemaValue.word(Outcome.self), "How it ended.", isAlways: false),
            .init("cause", SchemaValue.code(Cause.self), "Why it ended so, where the outcome alone does not say.", isAlways: false),
            .init("text", SchemaValue.text, "The same in words; may be empty."),
            .init("priority", SchemaValue.whole, "Larger goes first."),
            .init("attempts", SchemaValue.count, "How many builds it has had."),
            .init("created", SchemaValue.time, "When it was made."),
            .init("claimed", SchemaValue.time, "When it was given to a worker, the last time.", isAlways: false),
            .init("finished", SchemaValue.time, "When it ended.", isAlways: false),
            .init("cancel_reason", SchemaValue.text, "What was said when it was cancelled.", isAlways: false),
            .init("deadline", SchemaValue.time, "When it ends unless a build of it has begun by then.", isAlways: false),
            .init("stamp", APISchema.stamp.reference, "What is built."),
            stamps,
            .init("chain", SchemaValue.uuid, "That of its buildset."),
            .init("builds", SchemaValue.ids, "Its builds, the first one first."),
            .init("answered_by", SchemaValue.id, "The build of another request that answers it, or did.", isAlways: false),
        ])

    private static let summary: [SchemaField] = [
        .init("id", SchemaValue.id, "Its number."),
        .init("request", SchemaValue.id, "The request that it is an attempt at."),
        .init("buildset", SchemaValue.id, "The buildset it is part of."),
        .init("builder", SchemaValue.text, "The builder."),
        .init("worker", SchemaValue.text, "The worker that has it."),
        .init("attempt", SchemaValue.id, "Which attempt it is, from 1."),
        .init("phase", SchemaValue.word(BuildPhase.self), "How far it is."),
        .init("outcome", SchemaValue.word(Outcome.self), "How it ended.", isAlways: false),
        .init("cause", SchemaValue.code(Cause.self), "Why it ended so, where the outcome alone does not say.", isAlways: false),
        .init("text", SchemaValue.text, "The same in words; may be empty."),
        .init("reason", SchemaValue.text, "Why it is built, in words."),
        .init("author", SchemaValue.text, "The author of the newest of its changes; empty when it has none."),
        .init("comments", SchemaValue.text, "The first line that the author says of it."),
        .init("changes", SchemaValue.ids, "The changes that it builds."),
        .init("stamp", stamp.reference, "What is built."),
        stamps,
        .init("chain", SchemaValue.uuid, "That of its buildset."),
        .init("assigned", SchemaValue.time, "When it was given to the worker."),
        .init("started", SchemaValue.time, "When the worker began.", isAlways: false),
        .init("finished", SchemaValue.time, "When it ended.", isAlways: false),
        .init("configuration", SchemaValue.id, "The revision of the configuration that has its recipe."),
        .init("planned_under", SchemaValue.id, "The revision that its buildset was planned under.", isAlways: false),
    ]

    public static let buildSummary = APISchema("BuildSummary", "A build in a list.", summary)

    public static let build = APISchema(
        "Build", "Everything about one build.",
        summary + [
            .init("answers", SchemaValue.ids, "The requests that it answers beside its own.", isAlways: false),
            .init("properties", properties, "The values that its steps see."),
            .init("steps", APISchema.list(of: step), "What it ran, in order."),
            .init("logs", APISchema.list(of: log), "What its steps printed."),
        ])

    static let step = APISchema(
        "Step", "A step of a build.",
        [
            .init("build", SchemaValue.id, "Its build."),
            .init("builder", SchemaValue.text, "The builder of that."),
            .init("number", SchemaValue.count, "Its place in the recipe."),
            .init("name", SchemaValue.text, "Its name."),
            .init("attempt", SchemaValue.count, "Which run of it this is."),
            .init("phase", SchemaValue.word(StepPhase.self), "How far it is."),
            .init("outcome", SchemaValue.word(Outcome.self), "How it ended.", isAlways: false),
            .init("cause", SchemaValue.code(Cause.self), "Why it ended so, where the outcome alone does not say.", isAlways: false),
            .init("exit_status", SchemaValue.whole, "What its command ended with.", isAlways: false),
            .init("signal", SchemaValue.whole, "The signal that ended its command.", isAlways: false),
            .init("duration_ms", SchemaValue.count, "How long it ran, in milliseconds.", isAlways: false),
            .init("text", SchemaValue.text, "What became of it, in words.", isAlways: false),
            .init("started", SchemaValue.time, "When it began."),
            .init("finished", SchemaValue.time, "When it ended.", isAlways: false),
        ])

    static let log = APISchema(
        "Log", "A log of a build.",
        [
            .init("name", SchemaValue.text, "Its name within the build."),
            .init("step", SchemaValue.count, "The number of the step that wrote it."),
            .init("size", SchemaValue.count, "How many bytes it has at the moment."),
            .init("sha256", SchemaValue.digest, "The SHA-256 of its bytes, once it is closed.", isAlways: false),
            .init("closed", SchemaValue.flag, "No byte will follow."),
            .init("link", SchemaValue.text, "Where its bytes are, relative to the server."),
        ])
}
