import Domain
import Foundation
import Testing

@Suite struct NeedsGraphTests {
    private static func node(_ id: Int64, _ builder: String, _ outcome: Outcome? = nil, needs: [Need] = []) -> NeedsGraph.Node {
        let phase: RequestPhase = outcome != nil ? .finished : needs.isEmpty ? .claimed : .waiting
        return NeedsGraph.Node(request: RequestID(id), builder: builder, phase: phase, outcome: outcome, needs: needs)
    }

    private static func verdicts(_ nodes: NeedsGraph.Node...) -> [RequestID: NeedsGraph.Verdict] {
        NeedsGraph(nodes).settle().reduce(into: [:]) { $0[$1.request] = $1.verdict }
    }

    @Test("A request waits until everything that it needs has ended", arguments: [Outcome.success, .warnings])
    func released(_ outcome: Outcome) {
        let needs = [Need(builder: "build"), Need(builder: "lint")]
        #expect(Self.verdicts(Self.node(1, "build", outcome), Self.node(2, "lint"), Self.node(3, "deploy", needs: needs)).isEmpty)
        let done = Self.verdicts(Self.node(1, "build", outcome), Self.node(2, "lint", .success), Self.node(3, "deploy", needs: needs))
        #expect(done == [RequestID(3): .released])
    }

    @Test("A need that ended otherwise skips at once, though others are open", arguments: [Outcome.failure, .exception, .cancelled, .skipped])
    func skipped(_ outcome: Outcome) {
        let needs = [Need(builder: "build"), Need(builder: "lint")]
        let verdicts = Self.verdicts(Self.node(1, "build", outcome), Self.node(2, "lint"), Self.node(3, "deploy", needs: needs))
        #expect(verdicts == [RequestID(3): .skipped(needs[0], outcome)])
    }

    @Test("What is skipped decides on what needs it, whatever their order")
    func cascade() {
        let tidy = Need(builder: "deploy", outcomes: Set(Outcome.allCases))
        let verdicts = Self.verdicts(
            Self.node(1, "tell", needs: [Need(builder: "announce")]), Self.node(2, "announce", needs: [Need(builder: "deploy")]),
            Self.node(3, "tidy", needs: [tidy]), Self.node(4, "deploy", needs: [Need(builder: "test")]), Self.node(5, "test", .failure))
        #expect(
            verdicts == [
                RequestID(4): .skipped(Need(builder: "test"), .failure), RequestID(2): .skipped(Need(builder: "deploy"), .skipped),
                RequestID(1): .skipped(Need(builder: "announce"), .skipped), RequestID(3): .released,
            ])
    }

    @Test("A need asks for the outcomes that it names")
    func outcomes() {
        let need = Need(builder: "test", outcomes: [.failure])
        #expect(Self.verdicts(Self.node(1, "test", .failure), Self.node(2, "report", needs: [need])) == [RequestID(2): .released])
        #expect(Self.verdicts(Self.node(1, "test", .success), Self.node(2, "report", needs: [need])) == [RequestID(2): .skipped(need, .success)])
    }

    @Test("A chain of 10,000 requests is settled by one look")
    func long() {
        var nodes = [Self.node(1, "b0", .failure)]
        for number in 1..<10_000 { nodes.append(Self.node(Int64(number + 1), "b\(number)", needs: [Need(builder: "b\(number - 1)")])) }
        #expect(NeedsGraph(nodes).settle().count == 9_999)
    }

    @Test("A request tells which of its needs are open")
    func open() {
        let needs = [Need(builder: "build"), Need(builder: "lint"), Need(builder: "elsewhere")]
        let graph = NeedsGraph([Self.node(1, "build", .success), Self.node(2, "lint"), Self.node(3, "deploy", needs: needs)])
        #expect(graph.open(RequestID(3)).map(\.request) == [RequestID(2)])
    }

    @Test(
        "Builders that need each other in a circle are found and named in its order",
        arguments: [
            ([("a", ["b"]), ("b", ["c"]), ("c", ["a"])], ["a", "b", "c", "a"]),
            ([("a", ["a"])], ["a", "a"]),
            ([("a", ["b"]), ("b", ["c", "d"]), ("c", []), ("d", ["b"])], ["b", "d", "b"]),
            ([("a", ["b", "c"]), ("b", ["d"]), ("c", ["d"]), ("d", [])], nil),
        ] as [([(String, [String])], [String]?)])
    func circles(_ builders: [(String, [String])], _ circle: [String]?) {
        let configuration = Configuration(
            project: "demo", builders: builders.map { Builder(name: $0.0, steps: [], needs: $0.1.map { Need(builder: $0) }) })
        #expect(configuration.circleOfNeeds() == circle)
    }

    @Test("A builder that was stored before there were needs has none")
    func stored() throws {
        let text = #"{"name":"test","labels":{},"steps":[],"environment":{},"properties":{},"attempts":3,"priority":0}"#
        #expect(try JSONDecoder().decode(Builder.self, from: Data(text.utf8)).needs.isEmpty)
    }
}
