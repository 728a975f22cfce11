import Domain

/// The fields of the `data` of events, one list for each kind of fact.
enum EventFacts {
    static let change: [SchemaField] = [
        .init("source", SchemaValue.text, "The source that brought the change."),
        .init("project", SchemaValue.text, "The project it belongs to."),
        .init("repository", SchemaValue.text, "The address of its repository."),
        .init("branch", SchemaValue.text, "The branch or tag that was pushed."),
        .init("revision", SchemaValue.text, "The revision that the branch has now."),
        .init("author", SchemaValue.text, "Who made it, as the repository says."),
        .init("comments", SchemaValue.text, "What the author says of it: the first 4 KiB."),
        .init("files", SchemaValue.texts, "The files it touches: the first 200."),
        .init("category", SchemaValue.text, "What kind of change it is, such as `pull`; empty for a common push."),
    ]

    private static let stamp: [SchemaField] = [
        .init("codebase", SchemaValue.text, "The name of the repository in the configuration."),
        .init("project", SchemaValue.text, "The project it belongs to."),
        .init("repository", SchemaValue.text, "Its address."),
        .init("branch", SchemaValue.text, "The branch that is built."),
        .init("revision", SchemaValue.text, "The revision that is built; absent: whatever the branch has when it is checked out.", isAlways: false),
    ]

    static let buildset: [SchemaField] = [
        .init("scheduler", SchemaValue.text, "The scheduler that decided it; empty when a person did."),
        .init("reason", SchemaValue.text, "Why, in words."),
        .init("project", SchemaValue.text, "The project of what is built."),
        .init("branch", SchemaValue.text, "The branch that is built."),
        .init("revision", SchemaValue.text, "The revision that is built; absent: whatever the branch has when it is checked out.", isAlways: false),
        .init("builders", SchemaValue.texts, "The builders that build it."),
        .init("outcome", SchemaValue.word(Outcome.self), "The worst outcome of its requests.", isAlways: false),
        .init(
            "stamps", ["type": "array", "items": .object(SchemaField.object(stamp))],
            "What a new one of several repositories builds: all of them, the main one first.", isAlways: false),
    ]

    static let request: [SchemaField] = [
        .init("buildset", SchemaValue.id, "The buildset it is part of."),
        .init("builder", SchemaValue.text, "The builder that is to build it."),
        .init("project", SchemaValue.text, "The project of what is built."),
        .init("branch", SchemaValue.text, "The branch that is built."),
        .init("phase", SchemaValue.word(RequestPhase.self), "How far it is."),
        .init("priority", SchemaValue.whole, "Larger goes first."),
        .init("attempts", SchemaValue.count, "How many builds it has had."),
        .init("build", SchemaValue.id, "The build that it has, or had last.", isAlways: false),
        .init("worker", SchemaValue.text, "The worker of that build.", isAlways: false),
        .init("answered_by", SchemaValue.id, "That build, where it is another request's: one build answers both.", isAlways: false),
        .init("outcome", SchemaValue.word(Outcome.self), "How it ended.", isAlways: false),
        .init("cause", SchemaValue.code(Cause.self), "Why it ended so, when the outcome alone does not say.", isAlways: false),
        .init("text", SchemaValue.text, "The same for people.", isAlways: false),
    ]

    static let build: [SchemaField] = [
        .init("request", SchemaValue.id, "The request that it is an attempt at."),
        .init("buildset", SchemaValue.id, "The buildset of that request."),
        .init("builder", SchemaValue.text, "The builder."),
        .init("worker", SchemaValue.text, "The worker that has it."),
        .init("attempt", SchemaValue.id, "Which attempt at the request this is, from 1."),
        .init("project", SchemaValue.text, "The project of what is built."),
        .init("branch", SchemaValue.text, "The branch that is built."),
        .init("revision", SchemaValue.text, "The revision that is built, once it is known.", isAlways: false),
        .init("phase", SchemaValue.word(BuildPhase.self), "How far it is."),
        .init("outcome", SchemaValue.word(Outcome.self), "How it ended.", isAlways: false),
        .init("cause", SchemaValue.code(Cause.self), "Why it ended so, when the outcome alone does not say.", isAlways: false),
        .init("text", SchemaValue.text, "The same for people.", isAlways: false),
    ]

    static let step: [SchemaField] = [
        .init("build", SchemaValue.id, "The build that it is a step of."),
        .init("builder", SchemaValue.text, "The builder."),
        .init("number", SchemaValue.count, "Which step of the build it is."),
        .init("name", SchemaValue.text, "Its name."),
        .init("attempt", SchemaValue.id, "Which attempt at the step this is, from 1."),
        .init("phase", SchemaValue.word(StepPhase.self), "How far it is."),
        .init("outcome", SchemaValue.word(Outcome.self), "How it ended.", isAlways: false),
        .init("cause", SchemaValue.code(Cause.self), "Why it ended so, when the outcome alone does not say.", isAlways: false),
        .init("exit_status", SchemaValue.whole, "What its command returned.", isAlways: false),
        .init("signal", SchemaValue.whole, "The signal that ended its command.", isAlways: false),
        .init("duration_ms", SchemaValue.count, "How long it took, in milliseconds.", isAlways: false),
        .init("text", SchemaValue.text, "What there is to say of it, for people.", isAlways: false),
    ]

    static let log: [SchemaField] = [
        .init("build", SchemaValue.id, "The build that printed it."),
        .init("builder", SchemaValue.text, "The builder."),
        .init("name", SchemaValue.text, "Its name in the build."),
        .init("step", SchemaValue.count, "The step that printed it."),
        .init("size", SchemaValue.count, "How many bytes it has.", isAlways: false),
        .init(
            "sha256", SchemaValue.digest, "The SHA-256 of those bytes; absent when its build was lost, and the log is what had come until then.",
            isAlways: false),
    ]

    static let worker: [SchemaField] = [
        .init("worker", SchemaValue.text, "The worker's name."),
        .init("session", SchemaValue.id, "Its session: one incarnation of it."),
        .init("labels", SchemaValue.labels, "Its labels, which say what it can build."),
        .init("slots", SchemaValue.count, "How many builds it runs at once."),
        .init("version", SchemaValue.text, "The program that it is."),
        .init("reason", SchemaValue.text, "Why, in words.", isAlways: false),
    ]

    static let scheduler: [SchemaField] = [
        .init("scheduler", SchemaValue.text, "The scheduler."),
        .init("buildset", SchemaValue.id, "The buildset that it made.", isAlways: false),
        .init("changes", SchemaValue.ids, "The changes that led to it."),
        .init("reason", SchemaValue.text, "Why, in words."),
    ]

    static let config: [SchemaField] = [
        .init("configuration", SchemaValue.id, "The revision of the configuration that is in force now."),
        .init("digest", SchemaValue.digest, "The SHA-256 of what it says."),
        .init("builders", SchemaValue.texts, "Its builders."),
        .init("schedulers", SchemaValue.texts, "Its schedulers."),
        .init("sources", SchemaValue.texts, "Its sources."),
        .init("by", SchemaValue.text, "Who had it applied, as they said it.", isAlways: false),
        .init("restores", SchemaValue.id, "The earlier revision that it is again.", isAlways: false),
    ]

    static let deployment: [SchemaField] = [
        .init("deployment", SchemaValue.uuid, "The deployment."),
        .init("epoch", SchemaValue.count, "The epoch from now on."),
        .init("previous_epoch", SchemaValue.count, "The epoch before."),
        .init("reason", SchemaValue.text, "How it was noticed, in words."),
    ]
}
