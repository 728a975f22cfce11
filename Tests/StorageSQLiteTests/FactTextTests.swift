import Domain
import Foundation
import Storage
import Testing

@testable import StorageSQLite

/// Facts are written by hand for speed: what is written must be what their own encoding says.
@Suite struct FactTextTests {
    private static let odd = "quote \" backslash \\ slash / tab \t newline \n bell \u{7} nul \u{0} é 🦊 \u{2028}"

    private static var samples: [EventDraft.Data] {
        var change = NewChange(project: odd, repository: "r", branch: "b", revision: "1", author: odd, comments: odd, files: ["a", odd])
        change.category = "c"
        let request = RequestFact(
            buildset: BuildsetID(1), builder: odd, project: "p", branch: "b", phase: .finished, priority: -4, attempts: 2, build: BuildID(5),
            worker: odd, answeredBy: BuildID(5), outcome: .exception, cause: .workersLost, text: odd)
        let build = BuildFact(
            request: RequestID(1), buildset: BuildsetID(2), builder: odd, worker: odd, attempt: 1, project: "p", branch: "b", revision: "r",
            phase: .finished, outcome: .warnings, cause: .timeout, text: odd)
        let step = StepFact(
            build: BuildID(1), builder: "b", number: 2, name: odd, attempt: 3, phase: .finished, outcome: .failure, cause: .signal,
            exitStatus: -1, signal: 9, durationMilliseconds: .max, text: odd)
        let worker = WorkerFact(worker: odd, session: SessionID(1), labels: ["os": odd], slots: 1, version: "1", reason: odd)
        return [
            .change(ChangeFact(change)), .change(ChangeFact(NewChange(project: "", repository: "", branch: "", revision: ""))),
            .buildset(
                BuildsetFact(scheduler: "s", reason: odd, project: "p", branch: "b", revision: "r", builders: ["a", odd], outcome: .success)),
            .buildset(BuildsetFact(scheduler: "s", reason: "", project: "p", branch: "b", revision: nil, builders: [])),
            .request(request),
            .request(
                RequestFact(buildset: BuildsetID(1), builder: "b", project: "p", branch: "b", phase: .pending, priority: 0, attempts: 0)),
            .build(build),
            .build(
                BuildFact(
                    request: RequestID(1), buildset: BuildsetID(2), builder: "b", worker: "w", attempt: 1, project: "p", branch: "b",
                    revision: nil, phase: .assigned)),
            .step(step), .step(StepFact(build: BuildID(1), builder: "b", number: 1, name: "n", attempt: 1, phase: .running)),
            .log(LogFact(build: BuildID(1), builder: "b", name: odd, step: 1, size: .max, sha256: odd)),
            .log(LogFact(build: BuildID(1), builder: "b", name: "n", step: 0)),
            .scheduler(SchedulerFact(scheduler: odd, buildset: BuildsetID(1), changes: [ChangeID(1), ChangeID(2)], reason: odd)),
            .scheduler(SchedulerFact(scheduler: "s", buildset: nil, changes: [], reason: "")),
            .worker(worker),
            .config(ConfigFact(configuration: ConfigurationID(1), digest: "d", builders: [odd], schedulers: [], sources: [])),
            .deployment(DeploymentFact(deployment: "d", epoch: 2, previousEpoch: 1, reason: odd)),
        ]
    }

    @Test("Every fact is written as its own encoding says", arguments: samples)
    func facts(_ data: EventDraft.Data) throws {
        let written = try JSONText.encode(data)
        let expected: any Encodable =
            switch data {
            case .change(let fact): fact
            case .buildset(let fact): fact
            case .request(let fact): fact
            case .build(let fact): fact
            case .step(let fact): fact
            case .log(let fact): fact
            case .worker(let fact): fact
            case .scheduler(let fact): fact
            case .config(let fact): fact
            case .deployment(let fact): fact
            }
        let values = try JSONDecoder().decode([String: JSONValue].self, from: Data(written.utf8))
        #expect(try values == JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(expected)))
    }

    @Test(
        "A chain is written as its own encoding says",
        arguments: [
            EventChain(id: ChainID("a")), EventChain(id: ChainID("a"), parents: [], changes: []),
            EventChain(
                id: ChainID("a"), parents: [ChainID("b"), ChainID("c")], changes: [ChangeID(1), ChangeID(2)], buildset: BuildsetID(3),
                request: RequestID(4)),
        ])
    func chains(_ chain: EventChain) throws {
        #expect(try JSONDecoder().decode(EventChain.self, from: Data(JSONText.encode(chain).utf8)) == chain)
    }

    @Test("Lists and tables are written as their own encoding says")
    func lists() throws {
        for texts in [[], ["a"], ["a", Self.odd]] {
            #expect(try JSONDecoder().decode([String].self, from: Data(JSONText.encode(texts).utf8)) == texts)
        }
        for table: [String: JSONValue] in [[:], [Self.odd: .string(Self.odd), "b": .array([1, .number(2.5), .null, true])]] {
            #expect(try JSONText.decode([String: JSONValue].self, JSONText.encode(table)) == table)
        }
    }

    @Test("A message id is a random UUID")
    func messageIDs() {
        let ids = (0..<1000).map { _ in MessageID.random() }
        #expect(Set(ids).count == 1000)
        for id in ids {
            #expect(UUID(uuidString: id)?.uuidString.lowercased() == id)
            #expect(Array(id)[14] == "4")
            #expect("89ab".contains(Array(id)[19]))
        }
    }
}
