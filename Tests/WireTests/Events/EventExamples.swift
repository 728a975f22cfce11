import Domain
import Foundation
import Storage
import Wire

/// One event of each kind as it is published: the golden examples are these.
enum EventExamples {
    private static let change = ChainID("d26e0a3b-6f0c-8f6e-9d53-0c2a7b1b9f10")
    private static let buildset = ChainID("8178e051-3d4f-8a52-8b0e-52a7c1d9e6f4")
    private static let revision = "63a5415c0b7f4d1e8a9b2c3d4e5f60718293a4b5"

    static func text(_ kind: EventKind) throws -> String {
        let entity = EventEnvelope.Entity(kind: EventEntry(kind).entity, id: id(EventEntry(kind).entity), version: version(kind))
        let bytes = try EventEnvelope.json(
            event: kind, id: "cf702f47-f08b-4014-b6dd-6ffab733a585", sequence: 18, time: Timestamp(microseconds: 1_769_860_803_351_109),
            entity: entity, epoch: 1, chain: JSONText.encode(chain(kind)),
            data: JSONText.encode(data(kind)))
        return try SchemaText.json(JSONDecoder().decode(JSONValue.self, from: Data(bytes)))
    }

    private static func id(_ entity: EntityKind) -> Int64 {
        switch entity {
        case .change: 12
        case .buildset: 7
        case .request: 9
        case .build: 11
        case .session: 3
        case .config: 2
        case .deployment: 1
        }
    }

    private static func version(_ kind: EventKind) -> Int64 {
        switch kind {
        case .changeReceived, .buildsetCreated, .requestCreated, .buildAssigned, .workerConnected, .configApplied, .deploymentRewound: 1
        case .buildStarted, .requestClaimed, .schedulerFired, .schedulerFailed, .workerPaused, .workerLost, .requestReleased: 2
        case .stepStarted, .buildsetFinished, .requestUnclaimed, .requestCancelled, .requestFinished, .workerResumed: 3
        case .logOpened: 4
        case .logClosed: 5
        case .stepFinished: 6
        case .buildFinished, .buildLost: 7
        }
    }

    private static func chain(_ kind: EventKind) -> EventChain {
        switch EventEntry(kind).entity {
        case .change: EventChain(id: change, changes: [ChangeID(12)])
        case .session, .config, .deployment: EventChain(id: ChainID("0c9f7f0e-2f0a-8a3b-9c1d-3e5f7a9b1c2d"))
        case .buildset: EventChain(id: buildset, parents: [change], changes: [ChangeID(12)], buildset: BuildsetID(7))
        case .request, .build: EventChain(id: buildset, parents: [change], changes: [ChangeID(12)], buildset: BuildsetID(7), request: RequestID(9))
        }
    }

    private static func data(_ kind: EventKind) -> EventDraft.Data {
        switch kind {
        case .changeReceived:
            .change(
                ChangeFact(
                    NewChange(
                        source: "repo", project: "shop", repository: "https://git.example/shop.git", branch: "main", revision: revision,
                        author: "Zoë <zoe@shop.example>", comments: "Round prices up", files: ["src/price.php"])))
        case .buildsetCreated, .buildsetFinished:
            .buildset(
                BuildsetFact(
                    scheduler: "main", reason: "change 12", project: "shop", branch: "main", revision: revision, builders: ["test"],
                    outcome: kind == .buildsetFinished ? .success : nil))
        case .requestCreated, .requestReleased: .request(request(.pending))
        case .requestClaimed: .request(request(.claimed, build: BuildID(11), worker: "mill-up"))
        case .requestUnclaimed:
            .request(request(.pending, build: BuildID(11), worker: "mill-up", cause: .lost, text: "nothing was heard of mill-up for 30 s"))
        case .requestCancelled: .request(request(.finished, outcome: .cancelled, cause: .cancelled, text: "not needed any more"))
        case .requestFinished: .request(request(.finished, build: BuildID(11), worker: "mill-up", outcome: .success))
        case .buildAssigned: .build(build(.assigned))
        case .buildStarted: .build(build(.running))
        case .buildFinished: .build(build(.finished, outcome: .success))
        case .buildLost: .build(build(.finished, outcome: .exception, cause: .lost, text: "nothing was heard of mill-up for 30 s"))
        case .stepStarted: .step(StepFact(build: BuildID(11), builder: "test", number: 1, name: "unit", attempt: 1, phase: .running))
        case .stepFinished:
            .step(
                StepFact(
                    build: BuildID(11), builder: "test", number: 1, name: "unit", attempt: 1, phase: .finished, outcome: .success, exitStatus: 0,
                    durationMilliseconds: 2140))
        case .logOpened: .log(LogFact(build: BuildID(11), builder: "test", name: "unit", step: 1))
        case .logClosed:
            .log(
                LogFact(
                    build: BuildID(11), builder: "test", name: "unit", step: 1, size: 5,
                    sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"))
        case .workerConnected, .workerResumed: .worker(worker())
        case .workerPaused: .worker(worker("its disk is being replaced"))
        case .workerLost: .worker(worker("nothing was heard of it for 30 s"))
        case .schedulerFired: .scheduler(SchedulerFact(scheduler: "main", buildset: BuildsetID(7), changes: [ChangeID(12)], reason: "change 12"))
        case .schedulerFailed:
            .scheduler(SchedulerFact(scheduler: "main", buildset: nil, changes: [ChangeID(12)], reason: "the builder test is not there any more"))
        case .configApplied:
            .config(
                ConfigFact(
                    configuration: ConfigurationID(2), digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", builders: ["test"],
                    schedulers: ["main"], sources: ["repo"], by: "zoe"))
        case .deploymentRewound:
            .deployment(
                DeploymentFact(
                    deployment: "11111111-2222-4333-8444-555555555555", epoch: 2, previousEpoch: 1,
                    reason: "the database's timeline was 1 and is 2"))
        }
    }

    private static func request(
        _ phase: RequestPhase, build: BuildID? = nil, worker: String? = nil, outcome: Outcome? = nil, cause: Cause? = nil, text: String? = nil
    ) -> RequestFact {
        RequestFact(
            buildset: BuildsetID(7), builder: "test", project: "shop", branch: "main", phase: phase, priority: 0, attempts: build == nil ? 0 : 1,
            build: build,
            worker: worker, outcome: outcome, cause: cause, text: text)
    }

    private static func build(_ phase: BuildPhase, outcome: Outcome? = nil, cause: Cause? = nil, text: String? = nil) -> BuildFact {
        BuildFact(
            request: RequestID(9), buildset: BuildsetID(7), builder: "test", worker: "mill-up", attempt: 1, project: "shop", branch: "main",
            revision: revision,
            phase: phase, outcome: outcome, cause: cause, text: text)
    }

    private static func worker(_ reason: String? = nil) -> WorkerFact {
        WorkerFact(worker: "mill-up", session: SessionID(3), labels: ["os": "linux"], slots: 2, version: "0.1.0", reason: reason)
    }
}
