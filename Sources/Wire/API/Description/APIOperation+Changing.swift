import Domain

extension APIOperation {
    private static let forcedAnswers: [APIAnswer] = [
        .json(201, .forced, "It was made."), .json(.forced, "It was made before, under the same `Idempotency-Key`."),
    ]

    static let changing: [APIOperation] = [
        .write(
            "/changes", "submitChange", "changes", .changeSubmission, "Submit a change", isKeyed: true,
            answers: [
                APIAnswer(
                    status: 201, text: "It is in the database.", content: [("application/json", APISchema.changeAccepted.reference)],
                    headers: [("Location", "The change.")]),
                APIAnswer(
                    status: 200, text: "It was accepted before.", content: [("application/json", APISchema.changeAccepted.reference)],
                    headers: [("Location", "The change.")]),
                .json(202, .changeAccepted, "It is on the intake's own disk, and goes to the database when that is back."),
            ]),
        APIOperation(
            method: "post", path: "/hooks/{source}", id: "deliverHook", tag: "hooks", summary: "Tell of a push, as forges do",
            text: "The headers and the body are those of the forge that the source names; where the source has a secret, the call has to prove it.",
            parameters: [.path("source", SchemaValue.text(1...400), "The name of a source that takes hooks.")],
            body: ("application/json", SchemaValue.any),
            answers: [
                .json(201, .hookAnswer, "It told of something new."), .json(.hookAnswer, "It told of nothing new."),
                .json(202, .hookAnswer, "Its changes are on the intake's own disk, and go to the database when that is back."),
            ], problems: [401, 404]),
        .write(
            "/builders/{name}/force", "forceBuilder", "builders", .force, "Build something by hand", by: .name("builder"), isKeyed: true,
            answers: forcedAnswers),
        .write(
            "/try", "tryPatch", "builders", .attempt, "Build a patch", isKeyed: true,
            answers: [.json(201, .tried, "It was made."), .json(.tried, "It was made before, under the same `Idempotency-Key`.")], problems: [404]),
        .write(
            "/builds/{id}/rebuild", "rebuildBuild", "builds", .reasonBody, "Build the same again", by: .id("build"), isKeyed: true,
            answers: forcedAnswers, problems: [409]),
        .write(
            "/builds/{id}/cancel", "cancelBuild", "builds", .reasonBody, "End a build", by: .id("build"),
            answers: [.json(.cancelled, "Where its request stands.")], problems: [409]),
        .write(
            "/requests/{id}/cancel", "cancelRequest", "requests", .reasonBody, "End a request", by: .id("request"),
            answers: [.json(.cancelled, "Where it stands.")], problems: [409]),
        .write(
            "/requests/{id}/priority", "setPriority", "requests", .priorityBody, "Let a request go before others, or behind them", by: .id("request"),
            answers: [.json(.request, "The request.")], problems: [409]),
        .write(
            "/workers/{name}/pause", "pauseWorker", "workers", .emptyBody, "Give a worker nothing new", by: .name("worker"),
            answers: [.json(.worker, "The worker.")]),
        .write(
            "/workers/{name}/resume", "resumeWorker", "workers", .emptyBody, "Give a paused worker builds again", by: .name("worker"),
            answers: [.json(.worker, "The worker.")]),
        .write(
            "/deliveries/{id}/redeliver", "redeliver", "deliveries", .emptyBody, "Read a delivery again, by the configuration of now",
            by: .id("delivery"), answers: [.json(.redelivered, "What became of it.")], problems: [409]),
        .write(
            "/sources/{name}/poll", "pollSource", "sources", .emptyBody, "Look at a source now", by: .name("source"),
            answers: [.json(202, .polled, "An intake looks at it.")]),
    ]

    private static let appliedAnswers: [APIAnswer] = [.json(.applied, "What is in force now.")]

    static let configuring: [APIOperation] = [
        .write(
            "/config", "applyConfiguration", "configuration", .configuration, "Have a configuration in force", answers: appliedAnswers,
            problems: [409]),
        .write(
            "/config/rollback", "restoreConfiguration", "configuration", .rollback, "Have an earlier revision in force again",
            answers: appliedAnswers, problems: [404, 409]),
        .write(
            "/config/reload", "reloadConfiguration", "configuration", .emptyBody, "Read the configuration file again", answers: appliedAnswers,
            problems: [409]),
    ]
}
