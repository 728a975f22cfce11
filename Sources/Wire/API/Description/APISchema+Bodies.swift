import Domain

// What is sent, and what is answered to it.
extension APISchema {
    private static let propertyValues: [String: JSONValue] = [
        "type": "object", "maxProperties": 200,
        "propertyNames": ["type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_.-]*$", "maxLength": 100],
    ]
    private static let properties = SchemaField("properties", propertyValues, "Values that steps see, by name.", isAlways: false)
    private static let reasonField = SchemaField("reason", SchemaValue.text(0...1000, "^[^\\x00]*$"), "Why, in words.", isAlways: false)
    private static let priorityField = SchemaField("priority", SchemaValue.priority, "Larger goes first; 0 when not given.", isAlways: false)
    private static let by = SchemaField("by", SchemaValue.text(1...200, "^[^\\x00-\\x1f\\x7f]*$"), "Who does it, as they say it.", isAlways: false)
    private static let revisionValue = SchemaValue.text(1...200, "^[^-\\s\\x00-\\x1f\\x7f-\\x9f][^\\s\\x00-\\x1f\\x7f-\\x9f]*$")

    static let changeSubmission = APISchema(
        "ChangeSubmission", "An observed fact: somebody pushed a revision.",
        [
            .init("source", SchemaValue.name(200), "The source that it counts for; `api` when not given.", isAlways: false),
            .init("project", SchemaValue.name(200), "The project it belongs to."),
            .init("repository", SchemaValue.name(2000), "The address of its repository, without a password."),
            .init("branch", SchemaValue.name(400), "The branch or tag that was pushed."),
            .init("revision", revisionValue, "The revision that the branch has now."),
            .init("author", SchemaValue.text(0...1000, "^[^\\x00]*$"), "Who made it.", isAlways: false),
            .init("comments", SchemaValue.text(0...262_144, "^[^\\x00]*$"), "What the author says of it.", isAlways: false),
            .init(
                "files", ["type": "array", "items": .object(SchemaValue.text(1...4096, "^[^\\x00]*$")), "maxItems": 20000], "The files it touches.",
                isAlways: false),
            .init(
                "category", SchemaValue.text(0...200, "^([^-\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*)?$"), "What kind of change it is.",
                isAlways: false),
            .init("when", ["type": "string", "format": "date-time"], "When it was made.", isAlways: false),
            properties,
            .init("dedupe_key", SchemaValue.name(500), "By what a repeat of it is recognised.", isAlways: false),
        ], use: .body)

    static let changeAccepted = APISchema(
        "ChangeAccepted", "The change is on disk.",
        [
            .init("id", SchemaValue.id, "Its number; absent with 202: it comes when the database is back.", isAlways: false),
            .init("chain", SchemaValue.uuid, "The chain that it has, or will have."),
            .init("source", SchemaValue.text, "The source that it counts for."),
            .init("dedupe_key", SchemaValue.text, "The key in force."),
            .init("protected", SchemaValue.flag, "A repeat is recognised; not so when the server had to make the key."),
        ])

    private static let forceCodebase = APISchema(
        "ForceCodebase", "What is built of one of several repositories.",
        [
            .init("branch", SchemaValue.name(400), "The branch; its own when not given.", isAlways: false),
            .init("revision", revisionValue, "The revision; the tip of the branch when not given.", isAlways: false),
        ], use: .body)

    static let force = APISchema(
        "Force", "What a builder is to build by hand; what is not said is taken from the newest change.",
        [
            .init("repository", SchemaValue.name(2000), "The address of the repository.", isAlways: false),
            .init("branch", SchemaValue.name(400), "The branch.", isAlways: false),
            .init("revision", revisionValue, "The revision; the tip of the branch when not given.", isAlways: false),
            reasonField, priorityField, properties,
            .init(
                "codebases", ["type": "object", "additionalProperties": .object(forceCodebase.reference)], "Of several repositories, by name.",
                isAlways: false),
        ], use: .body)

    static let forced = APISchema(
        "Forced", "What was made.",
        [
            .init("buildset", SchemaValue.id, "The buildset."), .init("request", SchemaValue.id, "Its request."),
            .init("chain", SchemaValue.uuid, "Its chain."),
        ])

    static let attempt = APISchema(
        "Try", "A patch to be built.",
        [
            .init(
                "builders", ["type": "array", "items": .object(SchemaValue.text), "minItems": 1, "maxItems": 100],
                "The builders that are to build it."),
            .init("revision", revisionValue, "What the patch goes onto."),
            .init("patch", ["type": "string", "contentEncoding": "base64", "minLength": 4], "As `git diff --binary` writes it, in Base64."),
            .init("repository", SchemaValue.name(2000), "That of the newest change when not given.", isAlways: false),
            .init("branch", SchemaValue.name(400), "That of the newest change when not given.", isAlways: false),
            by, reasonField, priorityField, properties,
        ], use: .body)

    private static let triedRequest = APISchema(
        "TriedRequest", "A builder and its request.",
        [.init("builder", SchemaValue.text, "The builder."), .init("request", SchemaValue.id, "Its request.")])

    static let tried = APISchema(
        "Tried", "What was made.",
        [
            .init("buildset", SchemaValue.id, "The buildset."), .init("chain", SchemaValue.uuid, "Its chain."),
            .init("requests", list(of: triedRequest), "One for each builder."),
        ])

    static let reasonBody = APISchema("ReasonBody", "Why.", [reasonField], use: .body)
    static let priorityBody = APISchema("PriorityBody", "A priority.", [.init("priority", SchemaValue.priority, "Larger goes first.")], use: .body)
    static let emptyBody = APISchema("EmptyBody", "Nothing: `{}`.", [], use: .body)

    static let cancelled = APISchema(
        "Cancelled", "Where the request stands after a cancel.",
        [
            .init("phase", SchemaValue.word(RequestPhase.self), "`finished`, or `claimed` while the worker is being told."),
            .init("build", SchemaValue.id, "The build whose worker is being told.", isAlways: false),
        ])

    private static let configurationFile = APISchema(
        "ConfigurationFile", "A file of a configuration.",
        [
            .init("name", SchemaValue.text(1...4096, "^/[^\\x00-\\x1f\\x7f]*$"), "The absolute path that the text was read from."),
            .init("text", SchemaValue.text, "What the file holds."),
        ])

    private static let expect = SchemaField(
        "expect", SchemaValue.givenID, "The revision that is in force as far as you know; with another, nothing is applied.", isAlways: false)

    static let configuration = APISchema(
        "ConfigurationBody", "A configuration to be in force.",
        [
            .init("files", ["type": "array", "items": .object(configurationFile.reference), "minItems": 1, "maxItems": 1000], "Its files."), expect,
            by,
        ], use: .body)

    static let rollback = APISchema(
        "RollbackBody", "An earlier revision to be in force again.", [.init("revision", SchemaValue.givenID, "That revision."), expect, by],
        use: .body)

    static let applied = APISchema(
        "Applied", "Which configuration is in force now.",
        [
            .init("changed", SchemaValue.flag, "It is another than before."),
            .init("id", SchemaValue.id, "Its revision; absent when none was ever applied.", isAlways: false),
        ])

    static let polled = APISchema("Polled", "A source that is looked at now.", [.init("source", SchemaValue.text, "The source.")])

    private static let madeChange = APISchema(
        "MadeChange", "A change that a delivery told of.",
        [
            .init("id", SchemaValue.id, "Its number; absent while it waits for the database.", isAlways: false),
            .init("chain", SchemaValue.uuid, "Its chain."),
            .init("created", SchemaValue.flag, "False when an earlier delivery made it."),
        ])

    static let hookAnswer = APISchema(
        "HookAnswer", "What became of a delivery.",
        [
            .init("delivery", SchemaValue.text, "What the forge calls it.", isAlways: false),
            .init("changes", list(of: madeChange), "What it told of."),
            .init("reason", SchemaValue.text, "Why it makes none.", isAlways: false),
        ])

    static let redelivered = APISchema(
        "Redelivered", "What became of a delivery that was read again.",
        [
            .init("id", SchemaValue.id, "Its number."),
            .init("verdict", SchemaValue.word(DeliveryVerdict.self), "What became of it now."),
            .init("reason", SchemaValue.text, "Why.", isAlways: false),
            .init("changes", list(of: madeChange), "What it told of."),
        ])

    private static let fieldError = APISchema(
        "FieldError", "What is wrong with a field.",
        [.init("pointer", SchemaValue.text, "A JSON pointer to it."), .init("detail", SchemaValue.text, "What was found, and what is expected.")])

    static let problem = APISchema(
        "Problem", "An error (RFC 9457).",
        [
            .init(
                "type",
                [
                    "type": "string", "pattern": "^urn:doorbell:problem:[a-z_]+$",
                    "examples": .array(ProblemCode.all.map { .string("urn:doorbell:problem:\($0.code)") }),
                ], "`urn:doorbell:problem:CODE`, with a stable code."),
            .init("title", SchemaValue.text, "What kind of thing went wrong."),
            .init("status", ["type": "integer", "minimum": 400, "maximum": 599], "The status of the answer."),
            .init("detail", SchemaValue.text, "What was found.", isAlways: false),
            .init("errors", list(of: fieldError), "The fields that are wrong.", isAlways: false),
        ])

    static let part = APISchema("Part", "The fields of a document, or of the items of a list, that `fields` chose.", [])

    static let bodies = [
        changeSubmission, changeAccepted, forceCodebase, force, forced, attempt, triedRequest, tried, reasonBody, priorityBody, emptyBody, cancelled,
        configurationFile, configuration, rollback, applied, polled, madeChange, hookAnswer, redelivered, fieldError, problem, part,
    ]
}
