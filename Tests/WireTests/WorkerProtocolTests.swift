import Domain
import Testing
import Wire

@Suite struct WorkerProtocolTests {
    private static let digest = String(repeating: "a", count: 64)
    private static let secret = String(repeating: "s", count: 32)
    private static let assignment = AssignmentDocument(
        build: BuildID(1), fence: Fence(2), request: RequestID(3), buildset: BuildsetID(4), attempt: 1, chain: Samples.chain, project: "demo",
        builder: "test", stamp: Samples.stamp, properties: ["level": Property(3, source: "force")], environment: ["CI": "true"],
        steps: [
            StepRecipe(name: "checkout", action: .checkout(StepRecipe.Checkout(credential: .environment("TOKEN")))),
            StepRecipe(name: "unit", action: .run(.shell("make test")), timeout: .seconds(60), always: true, retries: 2),
            StepRecipe(name: "list", action: .run(.arguments(["ls", "-l"])), directory: "sub", warningsOnly: true),
        ])
    private static let several: AssignmentDocument = {
        var document = AssignmentDocument(
            build: BuildID(1), fence: Fence(2), request: RequestID(3), buildset: BuildsetID(4), attempt: 1, chain: Samples.chain, project: "demo",
            builder: "test", stamp: Samples.stamp, properties: [:], environment: [:], steps: [])
        document.sources = [
            BuildSource(stamp: Samples.stamp, path: "app", credential: .environment("TOKEN")), BuildSource(stamp: Samples.stamp, path: "lib"),
        ]
        return document
    }()
    private static let reports = ReportBatch(reports: [
        ReportDocument(key: "k1", build: BuildID(1), fence: Fence(2), kind: .accept),
        ReportDocument(key: "k2", build: BuildID(1), fence: Fence(2), kind: .renew),
        ReportDocument(key: "k3", build: BuildID(1), fence: Fence(2), kind: .stepStarted, stepStarted: StepStart(number: 1)),
        ReportDocument(
            key: "k4", build: BuildID(1), fence: Fence(2), kind: .stepFinished,
            stepFinished: StepEnd(number: 1, outcome: .failure, cause: .signal, signal: 9, durationMilliseconds: 12, text: "killed")),
        ReportDocument(
            key: "k5", build: BuildID(1), fence: Fence(2), kind: .finish,
            finish: BuildEnd(
                outcome: .failure, cause: .exitStatus, text: "exit 3",
                logs: [LogDeclaration(name: "1-unit", step: 1, size: 5, sha256: digest)])),
    ])

    static let documents: [Golden] = [
        .both(
            "a session that is asked for",
            SessionRequest(worker: "w1", incarnation: "incarnation", secret: secret, version: "0.1.0", labels: ["os": "linux"], slots: 2),
            #"{"incarnation":"incarnation","labels":{"os":"linux"},"protocol":1,"secret":"\#(secret)","slots":2,"version":"0.1.0","worker":"w1"}"#),
        .both(
            "a session", SessionDocument(session: SessionID(7), leaseMilliseconds: 30_000, surviveMilliseconds: 600_000),
            #"{"lease_ms":30000,"session":7,"survive_ms":600000}"#),
        .both(
            "a claim", ClaimRequest(free: 2, holding: [BuildID(3)], waitMilliseconds: 20_000), #"{"free":2,"holding":[3],"wait_ms":20000}"#),
        .both(
            "an answer with a control",
            ClaimAnswer(builds: [], control: [ControlDocument(build: BuildID(3), action: .cancel, reason: "not wanted")]),
            #"{"builds":[],"control":[{"action":"cancel","build":3,"reason":"not wanted"}]}"#),
        .both(
            "a build that is given out", assignment,
            #"{"attempt":1,"build":1,"builder":"test","buildset":4,"chain":"\#(Samples.chain)","environment":{"CI":"true"},"fence":2,"#
                + #""project":"demo","properties":{"level":{"source":"force","value":3}},"request":3,"stamp":\#(Samples.stampJSON),"steps":["#
                + #"{"checkout":{"credential":{"environment":"TOKEN"},"directory":"","mode":"clean","submodules":false},"name":"checkout"},"#
                + #"{"always":true,"name":"unit","retries":2,"run":"make test","timeout_ms":60000},"#
                + #"{"directory":"sub","name":"list","run":["ls","-l"],"warnings_only":true}]}"#),
        .both(
            "a build of several codebases", several,
            #"{"attempt":1,"build":1,"builder":"test","buildset":4,"chain":"\#(Samples.chain)","environment":{},"fence":2,"project":"demo","#
                + #""properties":{},"request":3,"sources":[{"credential":{"environment":"TOKEN"},"path":"app","stamp":\#(Samples.stampJSON)},"#
                + #"{"path":"lib","stamp":\#(Samples.stampJSON)}],"stamp":\#(Samples.stampJSON),"steps":[]}"#),
        .both(
            "reports of each kind", reports,
            #"{"reports":[{"build":1,"fence":2,"key":"k1","kind":"accept"},{"build":1,"fence":2,"key":"k2","kind":"renew"},"#
                + #"{"build":1,"fence":2,"key":"k3","kind":"step_started","step_started":{"attempt":1,"number":1}},"#
                + #"{"build":1,"fence":2,"key":"k4","kind":"step_finished","step_finished":{"attempt":1,"cause":"signal","duration_ms":12,"#
                + #""number":1,"outcome":"failure","signal":9,"text":"killed"}},"#
                + #"{"build":1,"fence":2,"finish":{"cause":"exit_status","logs":[{"name":"1-unit","sha256":"\#(digest)","#
                + #""size":5,"step":1}],"outcome":"failure","text":"exit 3"},"key":"k5","kind":"finish"}]}"#),
        .both(
            "answers to reports",
            ReportBatchAnswer(
                answers: [
                    ReportAnswerDocument(key: "k1", status: 200),
                    ReportAnswerDocument(key: "k2", status: 409, detail: "not whole", incompleteLogs: ["1-unit": 3]),
                ], control: []),
            #"{"answers":[{"key":"k1","status":200},{"detail":"not whole","incomplete_logs":{"1-unit":3},"key":"k2","status":409}],"control":[]}"#),
    ]

    @Test("Each document is spelled as the protocol says, and read back as it was", arguments: documents)
    func golden(document: Golden) throws {
        try document.check()
    }

    @Test("What strict documents call their fields is what they are on the wire")
    func fieldNames() throws {
        let session = SessionRequest(worker: "w", incarnation: "", secret: "", version: "", labels: [:], slots: 1)
        let submission = ChangeSubmission(
            source: "", project: "", repository: "", branch: "", revision: "", author: "", comments: "", files: [], category: "",
            when: Samples.moment, properties: [:], dedupeKey: "")
        let force = #"{"repository":"r","branch":"b","revision":"1","reason":"why","priority":1,"properties":{},"codebases":{}}"#
        #expect(try Samples.fieldNames(session) == SessionRequest.fieldNames)
        #expect(try Samples.fieldNames(ClaimRequest(free: 0, holding: [], waitMilliseconds: 0)) == ClaimRequest.fieldNames)
        #expect(try Samples.fieldNames(ReportBatch(reports: [])) == ReportBatch.fieldNames)
        #expect(try Samples.fieldNames(submission) == ChangeSubmission.fieldNames)
        #expect(try Samples.fieldNames(Samples.decode(ForceBody.self, force)) == ForceBody.fieldNames)
        #expect(try Samples.fieldNames(Samples.decode(ReasonBody.self, #"{"reason":"why"}"#)) == ReasonBody.fieldNames)
        #expect(try Samples.fieldNames(Samples.decode(PriorityBody.self, #"{"priority":3}"#)) == PriorityBody.fieldNames)
        #expect(try Samples.fieldNames(Samples.decode(EmptyBody.self, "{}")) == EmptyBody.fieldNames)
    }

    @Test(
        "A report of an unknown kind, with a number that is none or a word that is none is refused",
        arguments: [
            #"{"key":"k","build":1,"fence":1,"kind":"explode"}"#, #"{"key":"k","build":"1","fence":1,"kind":"accept"}"#,
            #"{"key":"k","build":1.5,"fence":1,"kind":"accept"}"#, #"{"key":"k","build":1,"kind":"accept"}"#,
            #"{"key":"k","build":99999999999999999999,"fence":1,"kind":"accept"}"#,
            #"{"key":"k","build":1,"fence":1,"kind":"finish","finish":{"outcome":"great","text":"","logs":[]}}"#,
            #"{"key":"k","build":1,"fence":1,"kind":"finish","finish":{"outcome":"success","text":"","logs":[{"name":"a"}]}}"#,
            #"{"key":"k","build":1,"fence":1,"kind":"step_started","step_started":{"number":"one","attempt":1}}"#,
        ])
    func refused(json: String) {
        #expect(throws: DecodingError.self) { try Samples.decode(ReportDocument.self, json) }
    }

    @Test("What a force says of a codebase is refused when it is not known")
    func unknownOfCodebase() {
        #expect(throws: DecodingError.self) { try Samples.decode(ForceBody.self, #"{"codebases":{"app":{"revison":"1"}}}"#) }
    }

    @Test("A recipe needs something to do", arguments: [#"{"name":"idle"}"#, #"{"name":"idle","run":7}"#, #"{"run":"true"}"#])
    func emptyRecipe(json: String) {
        #expect(throws: DecodingError.self) { try Samples.decode(StepRecipe.self, json) }
    }
}
