import Domain
import Testing
import Wire

@Suite struct APIDocumentTests {
    private static let time = #""2026-01-31T12:00:00.250000Z""#
    private static let chain = "\"\(Samples.chain)\""
    private static let change = Change(
        id: ChangeID(1), chain: Samples.chain, accepted: Samples.moment,
        content: NewChange(
            project: "demo", repository: "r", branch: "main", revision: "1", files: ["ä"], when: Samples.moment,
            properties: ["deep": .object(["list": .array([.null, true, 1, .number(1.5), "text"])])], dedupeKey: "k"))
    private static let summary = BuildSummary(
        id: BuildID(1), request: RequestID(2), buildset: BuildsetID(3), builder: "test", worker: "w1", attempt: 1, phase: .finished,
        outcome: .exception, cause: .lost, text: "gone", reason: "commits", author: "Ada", comments: "A change", changes: [ChangeID(4)],
        stamp: Samples.stamp, chain: Samples.chain, assigned: Samples.moment, started: nil, finished: Samples.moment,
        configuration: ConfigurationID(6),
        plannedUnder: ConfigurationID(5))
    private static let summaryStart =
        #"{"assigned":\#(time),"attempt":1,"author":"Ada","builder":"test","buildset":3,"cause":"lost","chain":\#(chain),"changes":[4],"#
        + #""comments":"A change","configuration":6,"finished":\#(time),"id":1,"#
    private static let step = StepDocument(
        fact: StepFact(
            build: BuildID(1), builder: "test", number: 1, name: "unit", attempt: 2, phase: .finished, outcome: .failure, cause: .exitStatus,
            exitStatus: 3, durationMilliseconds: 12, text: "exit 3"), started: Samples.moment, finished: Samples.moment)
    private static let stepJSON =
        #"{"attempt":2,"build":1,"builder":"test","cause":"exit_status","duration_ms":12,"exit_status":3,"finished":\#(time),"name":"unit","#
        + #""number":1,"outcome":"failure","phase":"finished","started":\#(time),"text":"exit 3"}"#

    static let builds: [Golden] = [
        .out(
            "a build in a list", summary,
            summaryStart
                + #""outcome":"exception","phase":"finished","planned_under":5,"reason":"commits","request":2,"stamp":\#(Samples.stampJSON),"#
                + #""text":"gone","worker":"w1"}"#),
        .out(
            "a build with everything beside its summary",
            BuildDocument(
                summary: summary, properties: ["level": Property("high", source: "force")], steps: [step],
                logs: [LogDocument(name: "1-unit", step: 1, size: 5, sha256: nil, closed: false, link: "/l")]),
            summaryStart + #""logs":[{"closed":false,"link":"/l","name":"1-unit","size":5,"step":1}],"outcome":"exception","phase":"finished","#
                + #""planned_under":5,"properties":{"level":{"source":"force","value":"high"}},"reason":"commits","request":2,"stamp":\#(Samples.stampJSON),"#
                + #""steps":[\#(stepJSON)],"text":"gone","worker":"w1"}"#),
        .out(
            "a request",
            RequestDocument(
                id: RequestID(2), buildset: BuildsetID(3), builder: "test", phase: .pending, outcome: nil, cause: nil, text: "", priority: 10,
                attempts: 1, created: Samples.moment, claimed: nil, finished: nil, cancelReason: "no", stamp: Samples.stamp,
                chain: Samples.chain, builds: [BuildID(1)]),
            #"{"attempts":1,"builder":"test","builds":[1],"buildset":3,"cancel_reason":"no","chain":\#(chain),"created":\#(time),"id":2,"#
                + #""phase":"pending","priority":10,"stamp":\#(Samples.stampJSON),"text":""}"#),
        .out(
            "a buildset",
            BuildsetDocument(
                id: BuildsetID(3), scheduler: "commits", reason: "r", chain: Samples.chain, parents: [Samples.chain], stamp: Samples.stamp,
                changes: [ChangeID(4)], created: Samples.moment, finished: nil, outcome: nil, openRequests: 2, properties: [:],
                configuration: ConfigurationID(5)),
            #"{"chain":\#(chain),"changes":[4],"configuration":5,"created":\#(time),"id":3,"open_requests":2,"parents":[\#(chain)],"properties":{},"reason":"r","#
                + #""scheduler":"commits","stamp":\#(Samples.stampJSON)}"#),
        .out(
            "why", WhyDocument(request: RequestID(2), phase: .pending, reasons: [.init("no_worker", "none")]),
            #"{"phase":"pending","reasons":[{"code":"no_worker","text":"none"}],"request":2}"#),
    ]

    private static let delivery = DeliverySummary(
        id: DeliveryID(1), source: "forge", delivery: "d-1", event: "push", received: Samples.moment, redelivered: nil, verdict: .refused,
        reason: "/ref: is missing", changes: 0, size: 2, kept: true)
    private static let deliveryStart = #""changes":0,"delivery":"d-1","event":"push""#
    private static let deliveryEnd =
        #""kept":true,"reason":"/ref: is missing","received":\#(time),"size":2,"source":"forge","verdict":"refused"}"#

    static let deliveries: [Golden] = [
        .out("a delivery in a list", delivery, #"{\#(deliveryStart),"id":1,\#(deliveryEnd)"#),
        .out(
            "a delivery with a text", DeliveryDocument(summary: delivery, headers: ["x": "y"], body: Array("{}".utf8)),
            #"{"body":"{}",\#(deliveryStart),"headers":{"x":"y"},"id":1,\#(deliveryEnd)"#),
        .out(
            "a delivery that is no text", DeliveryDocument(summary: delivery, headers: [:], body: [0xff, 0]),
            #"{"body_base64":"/wA=",\#(deliveryStart),"headers":{},"id":1,\#(deliveryEnd)"#),
        .out(
            "what became of a delivery",
            RedeliveryAnswer(
                id: DeliveryID(1), verdict: .accepted, reason: nil, changes: [.init(id: ChangeID(2), chain: Samples.chain, created: false)]),
            #"{"changes":[{"chain":\#(chain),"created":false,"id":2}],"id":1,"verdict":"accepted"}"#),
    ]

    static let others: [Golden] = [
        .both(
            "an accepted change", ChangeAccepted(id: ChangeID(1), chain: Samples.chain, source: "api", dedupeKey: "k", protected: true),
            #"{"chain":\#(chain),"dedupe_key":"k","id":1,"protected":true,"source":"api"}"#),
        .out(
            "a change", ChangeDocument(change),
            #"{"accepted":\#(time),"author":"","branch":"main","category":"","chain":\#(chain),"comments":"","dedupe_key":"k","files":["ä"],"#
                + #""id":1,"project":"demo","properties":{"deep":{"list":[null,true,1,1.5,"text"]}},"repository":"r","revision":"1","#
                + #""source":"api","when":\#(time)}"#),
        .out(
            "a worker",
            WorkerDocument(
                name: "w1", labels: ["os": "linux"], slots: 2, version: "1", connected: true, paused: false, lastConnected: Samples.moment,
                builds: [BuildID(1)]),
            #"{"builds":[1],"connected":true,"labels":{"os":"linux"},"last_connected":\#(time),"name":"w1","paused":false,"slots":2,"version":"1"}"#),
        .out(
            "a builder",
            BuilderDocument(
                Builder(name: "test", steps: [StepRecipe(name: "unit", action: .run(.shell("true")))]), pending: 3, claimed: 1,
                oldestPending: Samples.moment),
            #"{"attempts":3,"claimed":1,"labels":{},"name":"test","oldest_pending":\#(time),"pending":3,"priority":0,"steps":["unit"]}"#),
        .out(
            "a source without contact", SourceDocument(SourceConfiguration(name: "repo", git: ".")),
            #"{"branches":["*"],"git":".","kind":"git","name":"repo","tags":[]}"#),
        .out(
            "a forge", SourceDocument(HookConfiguration(name: "forge", forge: .gitea)),
            #"{"branches":["*"],"hook":"gitea","kind":"hook","name":"forge","tags":[]}"#),
        .out(
            "a feed", SourceDocument(FeedConfiguration(name: "pulse", exchange: "e", queue: "q", deadLetters: .refuse, mappings: [])),
            #"{"exchange":"e","kind":"amqp","name":"pulse","queue":"q"}"#),
        .out(
            "a Mercurial repository", SourceDocument(MercurialConfiguration(name: "hg", repository: "/r")),
            #"{"branches":["*"],"kind":"mercurial","mercurial":"/r","name":"hg"}"#),
        .out(
            "a directory", SourceDocument(DirectoryConfiguration(name: "dropped", directory: "/d")),
            #"{"directory":"/d","kind":"directory","name":"dropped"}"#),
        .out(
            "a list", SourceDocument(JSONPollConfiguration(name: "list", url: "https://h/x?key=k", mappings: [])),
            #"{"json":"https://h/x","kind":"json","name":"list"}"#),
        .out("a page of a list", PageDocument(items: [1], next: "p1"), #"{"items":[1],"next":"p1"}"#),
        .out("the last page of a list", PageDocument(items: [1, 2], next: nil), #"{"items":[1,2]}"#),
        .out("a cancel", CancelAnswer(phase: .claimed, build: BuildID(1)), #"{"build":1,"phase":"claimed"}"#),
        .out(
            "a force", ForceAnswer(buildset: BuildsetID(3), request: RequestID(2), chain: Samples.chain),
            #"{"buildset":3,"chain":\#(chain),"request":2}"#),
        .out(
            "a check", DoctorDocument(checks: [.init("queue", .warn, "slow", remedy: "more workers")]),
            #"{"checks":[{"name":"queue","remedy":"more workers","state":"warn","text":"slow"}]}"#),
        .both(
            "a problem", Problem(status: 422, code: "invalid_field", title: "t", detail: "d", errors: [.init(pointer: "/a", detail: "x")]),
            #"{"detail":"d","errors":[{"detail":"x","pointer":"/a"}],"status":422,"title":"t","type":"urn:doorbell:problem:invalid_field"}"#),
        .both(
            "an event",
            EventEnvelope(
                event: .buildFinished, id: "message", sequence: 9, time: Samples.moment, entity: .init(kind: .build, id: 1, version: 3), epoch: 1,
                chain: EventChain(id: Samples.chain, request: RequestID(2)), data: .object(["outcome": "success"]),
                links: .init(document: "/api/v1/builds/1")),
            #"{"chain":{"id":\#(chain),"request":2},"data":{"outcome":"success"},"entity":{"id":1,"kind":"build","version":3},"epoch":1,"#
                + #""event":"build.finished","id":"message","links":{"self":"/api/v1/builds/1"},"sequence":9,"time":\#(time),"version":1}"#),
    ]

    @Test("Each document is spelled as the interface says; what there is nothing to say of is absent", arguments: builds + deliveries + others)
    func golden(document: Golden) throws {
        try document.check()
    }

    @Test("A submission is read with all of its fields, and with the least of them")
    func submission() throws {
        let json =
            #"{"source":"hook","project":"demo","repository":"r","branch":"main","revision":"1","author":"Ada","comments":"c","files":["f"],"#
            + #""category":"x","when":"2026-01-31T13:00:00.25+01:00","properties":{"n":1},"dedupe_key":"k"}"#
        let submission = try Samples.decode(ChangeSubmission.self, json)
        #expect(submission.when == Samples.moment)
        #expect(submission.dedupeKey == "k")
        #expect(submission.properties == ["n": 1])
        #expect(try Samples.decode(ChangeSubmission.self, Samples.json(submission)) == submission)
        let least = try Samples.decode(ChangeSubmission.self, #"{"project":"p","repository":"r","branch":"b","revision":"1"}"#)
        #expect(least == ChangeSubmission(project: "p", repository: "r", branch: "b", revision: "1"))
    }

    @Test("Hostile text goes through a document and back unchanged")
    func hostileText() throws {
        let text = "</script>\u{0}\u{1F}\u{7F}\u{202E}\"\\\n\r\u{2028}🔔e\u{301}" + String(repeating: "x", count: 100_000)
        let submission = ChangeSubmission(
            project: text, repository: text, branch: text, revision: text, comments: text, files: [text], properties: [text: .string(text)])
        #expect(try Samples.decode(ChangeSubmission.self, Samples.json(submission)) == submission)
    }

    @Test("Numbers keep what they are: whole ones whole, and none is cut")
    func numbers() throws {
        let json = #"[9223372036854775807,-9223372036854775808,0.1,1e300,true,false,null,"1"]"#
        let value = try Samples.decode(JSONValue.self, json)
        #expect(value == .array([.integer(.max), .integer(.min), .number(0.1), .number(1e300), true, false, .null, "1"]))
        #expect(try Samples.decode(JSONValue.self, Samples.json(value)) == value)
    }

    @Test(
        "What is no moment of RFC 3339, or one that could not be said again, is refused",
        arguments: [
            #""yesterday""#, #""2026-13-01T00:00:00Z""#, #""2026-02-29T00:00:00Z""#, #""2026-01-31""#, #""2026-01-31T12:00:00""#, "1769860800",
            "null", #""2026-01-31 12:00:00Z""#, #""2026-01-31T24:00:00Z""#, #""0000-01-01T00:00:00+00:01""#, #""9999-12-31T23:59:59-00:01""#,
            #""9999-12-31T23:59:60Z""#,
        ])
    func wrongMoments(json: String) {
        #expect(throws: DecodingError.self) { try Samples.decode(Timestamp.self, json) }
    }

    @Test(
        "Every moment that is taken can be said again",
        arguments: ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", "2026-01-31T12:00:00-23:59"])
    func momentsComeBack(text: String) throws {
        let moment = try Samples.decode(Timestamp.self, "\"\(text)\"")
        #expect(try Samples.decode(Timestamp.self, Samples.json(moment)) == moment)
    }
}
