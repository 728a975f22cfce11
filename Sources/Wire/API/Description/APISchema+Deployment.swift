import Domain

// What builds it: builders, workers, schedulers, sources, services; and the questions about them.
extension APISchema {
    private static let forceParameter = APISchema(
        "ForceParameter", "A value that a person may give a build by hand.",
        [
            .init("name", SchemaValue.text, "The property that steps see."),
            .init("kind", SchemaValue.word(ForceParameter.Kind.self), "What it may hold."),
            .init("label", SchemaValue.text, "What a form shows in place of the name.", isAlways: false),
            .init("required", SchemaValue.flag, "It must be given."),
            .init("default", SchemaValue.any, "What the build gets when nothing is given.", isAlways: false),
            .init("choices", SchemaValue.texts, "What a choice chooses from.", isAlways: false),
            .init("minimum", SchemaValue.number, "The least number.", isAlways: false),
            .init("maximum", SchemaValue.number, "The largest number.", isAlways: false),
            .init("pattern", SchemaValue.text, "What a text has to match.", isAlways: false),
        ])

    private static let forceRule = APISchema(
        "ForceRule", "What may be said when a builder is forced.",
        [
            .init("parameters", list(of: forceParameter), "The properties that it takes; there are no others."),
            .init("reason", SchemaValue.word(ForceRule.Reason.self), "Whether a reason must be given."),
        ])

    public static let builder = APISchema(
        "Builder", "A builder of the configuration in force, and how busy it is.",
        [
            .init("name", SchemaValue.text, "Its name."),
            .init("labels", SchemaValue.labels, "What a worker must have."),
            .init("steps", SchemaValue.texts, "The names of its steps."),
            .init("attempts", SchemaValue.count, "How often a request is tried when workers are lost."),
            .init("priority", SchemaValue.whole, "Larger goes first."),
            .init("pending", SchemaValue.count, "How many of its requests wait for a worker."),
            .init("claimed", SchemaValue.count, "How many are being built."),
            .init("oldest_pending", SchemaValue.time, "When the oldest that waits was made.", isAlways: false),
            .init("force", forceRule.reference, "What may be said when it is forced; absent: any properties.", isAlways: false),
        ])

    public static let worker = APISchema(
        "Worker", "A worker that has connected at least once.",
        [
            .init("name", SchemaValue.text, "Its name."),
            .init("labels", SchemaValue.labels, "What it says of itself."),
            .init("slots", SchemaValue.count, "How many builds it takes at once."),
            .init("version", SchemaValue.text, "The version of its program."),
            .init("connected", SchemaValue.flag, "It has a session."),
            .init("paused", SchemaValue.flag, "It is given nothing new."),
            .init("last_connected", SchemaValue.time, "When its last session began."),
            .init("builds", SchemaValue.ids, "The builds that it holds."),
        ])

    public static let scheduler = APISchema(
        "Scheduler", "A scheduler of the configuration in force.",
        [
            .init("name", SchemaValue.text, "Its name."),
            .init("kind", SchemaValue.word(SchedulerRule.Kind.self), "What it goes by."),
            .init("filter", SchemaValue.open, "Which changes it takes."),
            .init("quiet_ms", SchemaValue.count, "How long a branch must be quiet first, in milliseconds.", isAlways: false),
            .init("builders", SchemaValue.texts, "What it builds."),
            .init("priority", SchemaValue.whole, "Larger goes first."),
            .init("properties", SchemaValue.open, "Values that its builds see."),
            .init("forks", SchemaValue.flag, "It builds pull requests from other repositories, too."),
            .init("schedule", SchemaValue.any, "The times that it goes by.", isAlways: false),
            .init("follows", SchemaValue.any, "The schedulers whose ends it goes by.", isAlways: false),
            .init("supersede", SchemaValue.word(SchedulerRule.Superseding.self), "What a newer buildset makes needless.", isAlways: false),
            .init("codebases", SchemaValue.texts, "The repositories that it builds together.", isAlways: false),
        ])

    public static let source = APISchema(
        "Source", "A source of the configuration in force, and how it stands.",
        [
            .init("name", SchemaValue.text, "Its name."),
            .init("kind", SchemaValue.word(SourceDocument.Kind.self), "What it is; the field of the same name, or the next ones, say which."),
            .init("git", SchemaValue.text, "The repository that is polled.", isAlways: false),
            .init("mercurial", SchemaValue.text, "The repository that is polled.", isAlways: false),
            .init("hook", SchemaValue.text, "The forge that calls.", isAlways: false),
            .init("exchange", SchemaValue.text, "The exchange that is listened to.", isAlways: false),
            .init("queue", SchemaValue.text, "The queue that is read.", isAlways: false),
            .init("directory", SchemaValue.text, "The directory that is watched.", isAlways: false),
            .init("json", SchemaValue.text, "The address that is read, without what stands behind a question mark.", isAlways: false),
            .init("branches", SchemaValue.texts, "The branches that are looked at.", isAlways: false),
            .init("tags", SchemaValue.texts, "The tags that are looked at.", isAlways: false),
            .init("healthy", SchemaValue.flag, "It can be read; absent before the first contact.", isAlways: false),
            .init("message", SchemaValue.text, "What is wrong.", isAlways: false),
            .init("since", SchemaValue.time, "Since when.", isAlways: false),
            .init("project", SchemaValue.text, "To which its changes belong.", isAlways: false),
            .init(
                "group", SchemaValue.text, "The source at the root of those that tell of one repository; absent when it tells alone.", isAlways: false
            ),
        ])

    public static let service = APISchema(
        "Service", "A process of the deployment.",
        [
            .init("kind", SchemaValue.text, "The subcommand that it was started with."),
            .init("name", SchemaValue.text, "Its name."),
            .init("incarnation", SchemaValue.text, "Names one start of it."),
            .init("version", SchemaValue.text, "The version of its program."),
            .init("address", SchemaValue.text, "Where it listens."),
            .init("state", SchemaValue.word(ServiceDocument.State.self), "`silent`: it was not heard of for a while, and said no goodbye."),
            .init("reasons", SchemaValue.texts, "What is wrong, in its own words."),
            .init("started", SchemaValue.time, "When it started."),
            .init("heard", SchemaValue.time, "When it was heard of last."),
        ])

    private static let reason = APISchema(
        "Reason", "A reason why something waits.",
        [
            .init("code", ["type": "string", "pattern": "^[a-z_]+$"], "A stable code, for programs."),
            .init("text", SchemaValue.text, "A sentence, for people."),
        ])

    public static let why = APISchema(
        "Why", "Why a request waits, or what became of it.",
        [
            .init("request", SchemaValue.id, "The request."),
            .init("phase", SchemaValue.word(RequestPhase.self), "How far it is."),
            .init("reasons", list(of: reason), "All there are."),
        ])

    private static let schedulerVerdict = APISchema(
        "SchedulerVerdict", "What one scheduler made of a change.",
        [
            .init("scheduler", SchemaValue.text, "The scheduler."),
            .init("verdict", SchemaValue.word(ChangeWhyDocument.Verdict.self), "`rides_along`: it starts nothing by itself."),
            .init("text", SchemaValue.text, "A sentence, for people."),
            .init("buildsets", SchemaValue.ids, "What it made.", isAlways: false),
        ])

    public static let changeWhy = APISchema(
        "ChangeWhy", "What each scheduler made of a change, by the rules in force.",
        [
            .init("change", SchemaValue.id, "The change."),
            .init("configuration", SchemaValue.id, "The revision whose rules were asked.", isAlways: false),
            .init("schedulers", list(of: schedulerVerdict), "Each of them."),
            .init("note", SchemaValue.text, "What to know before one believes this.", isAlways: false),
            .init("told_by", SchemaValue.texts, "The sources that told of it, the first first; absent where one did.", isAlways: false),
        ])

    private static let check = APISchema(
        "Check", "Something that was looked at.",
        [
            .init("name", SchemaValue.text, "What."),
            .init("state", SchemaValue.word(DoctorDocument.Check.State.self), "How it is."),
            .init("text", SchemaValue.text, "What was found."),
            .init("remedy", SchemaValue.text, "What to do about it.", isAlways: false),
        ])

    public static let doctor = APISchema(
        "Doctor", "What is right and wrong with the deployment.", [.init("checks", list(of: check), "Everything that was looked at.")])

    /// The forms that others of this file refer to.
    static let deploymentParts = [forceParameter, forceRule, reason, schedulerVerdict, check]
}
