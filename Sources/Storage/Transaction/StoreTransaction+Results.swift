import Domain

/// The newest result under a key of `reuse`.
package struct BuildResult: Encodable, Sendable {
    package var key: String
    package var build: BuildID
    package var outcome: Outcome
    package var finished: Timestamp

    package init(key: String, build: BuildID, outcome: Outcome, finished: Timestamp) {
        self.key = key
        self.build = build
        self.outcome = outcome
        self.finished = finished
    }
}

/// What a result depends on beside what is built: what the worker is, and what it does.
private struct Recipe: Encodable {
    var labels: Labels
    var steps: [StepRecipe]
    var environment: [String: String]
    var properties: [String: JSONValue]
    var codebases: [Codebase]

    init(_ builder: Builder, _ stamps: [SourceStamp], _ configuration: Configuration) {
        labels = builder.labels
        steps = builder.steps
        environment = builder.environment
        properties = builder.properties
        codebases = configuration.codebases.filter { codebase in stamps.contains { $0.codebase == codebase.name } }
    }
}

extension StoreTransaction {
    /// What the result of a builder at some stamps, with some properties, is kept under; nil where it is no result for others. Its recipe
    /// does not say what its steps trigger: that is another builder's, and a scheduler's.
    func resultKey(_ builder: Builder, stamps: [SourceStamp], properties: Properties, _ configuration: Configuration) throws -> String? {
        guard !builder.triggers else { return nil }
        return try RequestIdentity(stamps: stamps, properties: properties)?
            .digest(of: builder.name, recipe: JSONText.encode(Recipe(builder, stamps, configuration)))
    }

    /// Keeps the results of builds that ended, of those builders that say so in the configuration that has their recipe.
    func keepResults(of endings: [BuildEnding]) throws {
        let kept = try endings.compactMap { ending -> BuildResult? in
            let build = ending.build
            guard ending.finishKey != nil, let outcome = build.machine.outcome, ReuseRule.possible.contains(outcome) else { return nil }
            let recipe = try builder(build.builder, build.configuration)
            guard recipe.reuse != nil,
                let configuration = try recipes.configuration(
                    build.configuration, reading: { try configuration(numbered: build.configuration)?.configuration })
            else { return nil }
            let context = try context(of: build.buildset)
            let stamps = [context.stamp] + context.further
            return try resultKey(recipe, stamps: stamps, properties: context.properties, configuration).map {
                BuildResult(key: $0, build: build.id, outcome: outcome, finished: try now)
            }
        }
        guard !kept.isEmpty else { return }
        // One row for each, in one order: two that end builds for the same wait for each other and never both.
        let newest = kept.reduce(into: [:]) { $0[$1.key] = $1 }.values.sorted { $0.key < $1.key }
        try keepResults(newest, droppingBefore: try now.advanced(by: .zero - ReuseRule.longest))
    }

    /// Ends those of these new requests that a result answers which is there already.
    func reuseResults(_ made: [(id: RequestID, request: NewRequest)]) throws {
        let asking = made.filter { $0.request.reuse != nil }
        guard !asking.isEmpty else { return }
        let results = try results(Set(asking.compactMap { $0.request.reuse?.key }).sorted())
        let now = try now
        try finish(
            asking.compactMap { id, request in
                guard let reuse = request.reuse, let result = results[reuse.key], reuse.rule.outcomes.contains(result.outcome),
                    now.since(result.finished) <= reuse.rule.within
                else { return nil }
                return RequestEnd(
                    request: id, outcome: result.outcome, cause: nil, text: "build \(result.build) answered the same at \(result.finished)",
                    build: result.build, isAnswered: true)
            })
    }
}
