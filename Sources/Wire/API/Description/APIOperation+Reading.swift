import Domain

extension APIOperation {
    private static let branch = APIParameter.query("branch", "Of this branch.")
    private static let revision = APIParameter.query("revision", "Of this revision.")
    private static let outcome = APIParameter.query("outcome", "With this outcome.", SchemaValue.word(Outcome.self))
    private static let builder = APIParameter.query("builder", "Of this builder.")

    static let lists: [APIOperation] = [
        .pages(
            "/changes", "listChanges", "changes", of: .change, "List changes",
            filters: [
                .query("project", "Of this project."), .query("repository", "Of this repository."), branch, revision,
                .query("author", "Of this author."), .query("source", "Of this source."),
                .query("chain", "Of this chain, which may be one that was promised for it."),
            ]),
        .pages(
            "/buildsets", "listBuildsets", "buildsets", of: .buildset, "List buildsets",
            filters: [
                .query("scheduler", "Of this scheduler."), branch, revision, outcome,
                .query("finished", "`1`: only those that have ended, `0`: only those that have not.", SchemaValue.yesOrNo),
                .query("change", "That build this change.", SchemaValue.givenID),
            ]),
        .pages(
            "/requests", "listRequests", "requests", of: .request, "List requests",
            filters: [
                .query("buildset", "Of this buildset.", SchemaValue.givenID), builder, branch,
                .query("phase", "In this phase.", SchemaValue.word(RequestPhase.self)), outcome,
            ]),
        .pages(
            "/builds", "listBuilds", "builds", of: .buildSummary, "List builds",
            filters: [
                builder, .query("worker", "Of this worker."), branch, revision,
                .query("phase", "In this phase.", SchemaValue.word(BuildPhase.self)), outcome,
                .query("request", "Of this request.", SchemaValue.givenID), .query("buildset", "Of this buildset.", SchemaValue.givenID),
            ]),
        .pages(
            "/deliveries", "listDeliveries", "deliveries", of: .deliverySummary, "List what forges delivered",
            filters: [
                .query("source", "For this source."), .query("verdict", "With this verdict.", SchemaValue.word(DeliveryVerdict.self)),
            ]),
        .pages(
            "/config/revisions", "listRevisions", "configuration", of: .revisionSummary, "List every configuration that was applied", filters: []),
        .whole("/builders", "listBuilders", "builders", of: .builder, "List builders"),
        .whole("/workers", "listWorkers", "workers", of: .worker, "List workers"),
        .whole("/schedulers", "listSchedulers", "schedulers", of: .scheduler, "List schedulers"),
        .whole("/sources", "listSources", "sources", of: .source, "List sources"),
        .whole("/services", "listServices", "deployment", of: .service, "List the processes of the deployment"),
    ]

    static let items: [APIOperation] = [
        .item("/changes/{id}", "getChange", "changes", .change, "Read a change", by: .id("change")),
        .item("/changes/{id}/why", "explainChange", "changes", .changeWhy, "What each scheduler made of a change", by: .id("change")),
        .item("/buildsets/{id}", "getBuildset", "buildsets", .buildset, "Read a buildset", by: .id("buildset"), waits: true),
        .item("/requests/{id}", "getRequest", "requests", .request, "Read a request", by: .id("request"), waits: true),
        .item("/requests/{id}/why", "explainRequest", "requests", .why, "Why a request waits, or what became of it", by: .id("request")),
        .item("/builds/{id}", "getBuild", "builds", .build, "Read everything about a build", by: .id("build"), waits: true),
        log,
        .item("/deliveries/{id}", "getDelivery", "deliveries", .delivery, "Read a delivery", by: .id("delivery")),
        .item(
            "/config/revisions/{id}", "getRevision", "configuration", .revision, "Read a revision of the configuration",
            by: .path("id", ["type": "string", "pattern": "^(current|[1-9][0-9]{0,17})$"], "Its number, or `current`.")),
        difference,
        .item("/builders/{name}", "getBuilder", "builders", .builder, "Read a builder", by: .name("builder")),
        .item("/workers/{name}", "getWorker", "workers", .worker, "Read a worker", by: .name("worker")),
        .item("/schedulers/{name}", "getScheduler", "schedulers", .scheduler, "Read a scheduler", by: .name("scheduler")),
        .item("/sources/{name}", "getSource", "sources", .source, "Read a source", by: .name("source")),
        .item("/doctor", "getDoctor", "deployment", .doctor, "What is right and wrong with the deployment"),
    ]

    private static var difference: APIOperation {
        var operation = APIOperation.item("/config/diff", "compareRevisions", "configuration", .difference, "What differs between two revisions")
        operation.parameters.insert(
            contentsOf: [
                .query("from", "A revision; the one before the other when not given.", SchemaValue.givenID),
                .query("to", "A revision; the one in force when not given.", SchemaValue.givenID),
            ], at: 0)
        operation.problems = [404]
        return operation
    }

    private static var log: APIOperation {
        APIOperation(
            method: "get", path: "/api/v1/builds/{id}/logs/{name}", id: "getLog", tag: "builds", summary: "Read a log",
            text: "What a step wrote, byte for byte; it may hold bytes that are no UTF-8.",
            parameters: [
                .id("build"), .name("log"),
                .query("follow", "`1`: what there is, and what comes, until the log is closed.", SchemaValue.yesOrNo),
                APIParameter(
                    name: "Range", place: .header, schema: SchemaValue.text,
                    text: "One range of bytes, such as `bytes=0-1023`; what is none is passed over."),
                .ifNoneMatch,
            ],
            answers: [
                .text("The log as it is now."), .text(206, "The part that was asked for."),
                APIAnswer(status: 304, text: "It is closed, and known."),
            ], problems: [404, 416])
    }

    static let events: [APIOperation] = [
        APIOperation(
            method: "get", path: "/api/v1/events", id: "listEvents", tag: "events", summary: "Follow the events, or read a page of them",
            text:
                "With `wait` a page as JSON, without it a stream of server-sent events. The cursor of a stream may also be said in `Last-Event-ID`.",
            parameters: [
                APIParameter(
                    name: "key", place: .query,
                    schema: [
                        "type": "array", "maxItems": 20, "items": .object(SchemaValue.text(1...200, "^[A-Za-z0-9_*#~.-]+$")),
                    ], text: "Only events whose routing key matches the pattern, such as `build.finished.#`; may be given 20 times."),
                .query(
                    "since", "Begin behind this cursor; `0`: from the oldest that is kept; when not given: from now on.",
                    SchemaValue.text(1...80, "^(0|[0-9]{1,9}-[0-9]{1,9}-[0-9]{1,9}-[0-9]{1,9})$")),
                .query("follow", "`0`: end after what there is; `1`, as when not given: go on. A page ends by itself.", SchemaValue.words("0", "1")),
                .query(
                    "wait", "A page: answered as soon as there is an event, or empty after this time, 60 s at most, such as `30s` or `0s`.",
                    APIParameter.wait.schema),
                .query(
                    "limit", "The most events: of a page 100 when not given, of a stream any number.",
                    ["type": "integer", "minimum": 1, "maximum": 500]),
            ],
            answers: [
                APIAnswer(
                    status: 200, text: "A page with `wait`, else a stream.",
                    content: [("application/json", APISchema.eventPage.reference), ("text/event-stream", SchemaValue.any)])
            ], problems: [410]),
        APIOperation(
            method: "get", path: "/api/v1/events/latest", id: "getLatestCursor", tag: "events", summary: "The cursor behind the newest event",
            answers: [.json(.eventCursor, "The cursor.")]),
    ]

    static let health: [APIOperation] = [
        APIOperation(
            method: "get", path: "/livez", id: "getLiveness", tag: "health", summary: "The process lives", answers: [.text("It does.")]),
        APIOperation(
            method: "get", path: "/readyz", id: "getReadiness", tag: "health", summary: "The process can serve",
            text: "The first line is `ready`, `degraded` or `unavailable`, the others say why; 503 with the last.",
            answers: [.text("It can."), .text(503, "It cannot.")]),
        APIOperation(
            method: "get", path: "/metrics", id: "getMetrics", tag: "health", summary: "Figures for Prometheus",
            answers: [.text("In the text format of Prometheus.")]),
    ]

    static let documents: [APIOperation] =
        EventEntry.all.map { entry in
            document(
                "/schemas/events/v1/\(entry.kind.rawValue).json",
                "getSchemaOf" + entry.kind.rawValue.split(separator: ".").map(\.capitalized).joined(),
                "The JSON Schema of `\(entry.kind.rawValue)`")
        } + [
            document("/schemas/asyncapi.json", "getAsyncAPI", "The AsyncAPI document of the events"),
            document("/schemas/config/v1.json", "getConfigurationSchema", "The JSON Schema of the configuration"),
            document("/schemas/openapi.json", "getOpenAPI", "This document"),
            document("/references/v1/events.json", "getEventReference", "All events, and their fields"),
        ]

    private static func document(_ path: String, _ id: String, _ summary: String) -> APIOperation {
        APIOperation(
            method: "get", path: path, id: id, tag: "schemas", summary: summary, parameters: [.ifNoneMatch],
            answers: [
                APIAnswer(
                    status: 200, text: "The document.", content: [("application/json", SchemaValue.open)], headers: APIAnswer.notModified.headers),
                .notModified,
            ])
    }
}

extension Substring {
    fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst() }
}
