/// The requests of one buildset and what they wait for of each other. Pure.
public struct NeedsGraph: Sendable {
    public struct Node: Hashable, Sendable {
        public var request: RequestID
        public var builder: String
        public var phase: RequestPhase
        public var outcome: Outcome?
        public var needs: [Need]

        public init(request: RequestID, builder: String, phase: RequestPhase, outcome: Outcome?, needs: [Need]) {
            self.request = request
            self.builder = builder
            self.phase = phase
            self.outcome = outcome
            self.needs = needs
        }
    }

    /// What becomes of a request that waits.
    public enum Verdict: Hashable, Sendable {
        /// Everything it needs has ended as it should.
        case released
        /// It can never be released: this need ended otherwise.
        case skipped(Need, Outcome)
    }

    private let nodes: [Node]
    private let places: [String: Int]
    /// Which nodes need a builder.
    private let dependents: [String: [Int]]

    public init(_ nodes: [Node]) {
        self.nodes = nodes
        places = nodes.indices.reduce(into: [:]) { $0[nodes[$1].builder] = $1 }
        dependents = nodes.indices.reduce(into: [:]) { all, place in
            for need in nodes[place].needs { all[need.builder, default: []].append(place) }
        }
    }

    /// The verdicts on those that need wait no longer, each before what follows from it: one that is skipped decides on those that need it.
    public func settle() -> [(request: RequestID, verdict: Verdict)] {
        var outcomes = nodes.map(\.outcome)
        var isDecided = nodes.map { $0.phase != .waiting }
        var verdicts: [(request: RequestID, verdict: Verdict)] = []
        var queue = Array(nodes.indices)
        var next = 0
        while next < queue.count {
            let place = queue[next]
            next += 1
            guard !isDecided[place], let verdict = verdict(nodes[place], outcomes) else { continue }
            isDecided[place] = true
            verdicts.append((nodes[place].request, verdict))
            guard case .skipped = verdict else { continue }
            outcomes[place] = .skipped
            queue += dependents[nodes[place].builder] ?? []
        }
        return verdicts
    }

    /// The requests that a request still waits for.
    public func open(_ request: RequestID) -> [Node] {
        let needs = nodes.first { $0.request == request }?.needs ?? []
        return needs.compactMap { places[$0.builder] }.map { nodes[$0] }.filter { $0.outcome == nil }
    }

    /// Nil: it waits on. What is needed and not part of the buildset counts as done.
    private func verdict(_ node: Node, _ outcomes: [Outcome?]) -> Verdict? {
        var isOpen = false
        for need in node.needs {
            guard let place = places[need.builder] else { continue }
            if let outcome = outcomes[place] {
                if !need.outcomes.contains(outcome) { return .skipped(need, outcome) }
            } else {
                isOpen = true
            }
        }
        return isOpen ? nil : .released
    }
}

extension Configuration {
    /// Builders that need each other in a circle, in its order, the first of them again at the end; nil when there is none.
    public func circleOfNeeds() -> [String]? {
        let needs = builders.reduce(into: [String: [String]]()) { $0[$1.name] = $1.needs.map(\.builder) }
        return Circle.find(in: builders.map(\.name), needs)
    }
}
