import Domain

extension ConfigurationReader {
    mutating func readBuilder(_ value: YAMLValue) {
        guard let builder = value.mapping("builder", keys: ConfigurationKeys.builder) else { return }
        let (name, place) = readName(of: builder)
        var read = Builder(name: name, steps: [])
        read.labels = readLabels(builder["labels"])
        read.environment = readEnvironment(builder["env"])
        read.properties = readProperties(builder["properties"])
        if let attempts = builder["attempts"]?.integer(in: 1...100) { read.attempts = attempts }
        if let priority = builder["priority"]?.integer(in: Self.priorities) { read.priority = priority }
        read.needs = readNeeds(builder["needs"])
        read.limit = builder["limit"]?.integer(in: Self.limits)
        read.locks = readLockUses(builder["locks"])
        read.deadline = builder["deadline"]?.duration(atLeast: .seconds(1))
        if let collapse = builder["collapse"]?.boolean() { read.collapse = collapse }
        read.reuse = readReuse(builder["reuse"])
        if let steps = builder.required("steps", "a list of steps")?.list(of: "steps") { read.steps = readSteps(steps) }
        if read.reuse != nil, read.triggers {
            builder.key("reuse")?.report(
                "found \"reuse\" beside a step that triggers, expected one of them: no result tells what that had built")
        }
        let matrix = readMatrix(builder["matrix"])
        read.force = readForce(builder["force"], axes: matrix?.axes.map(\.name) ?? [])
        read.tries = readTry(builder["try"])
        // What every worker has that can run such a step.
        if read.triggers { read.labels[StepRecipe.Trigger.label] = StepRecipe.Trigger.labelValue }
        if read.usesSecrets { read.labels[SecretUse.label] = SecretUse.labelValue }
        refuseOpenLabels(read.labels, at: builder["labels"], axes: matrix?.axes.map(\.name) ?? [])
        if let matrix { draft.matrices[name] = matrix }
        draft.builders.append(.init(value: read, name: place))
    }

    /// `{within: 24h}`, or `{within: 24h, outcome: [success, warnings]}`.
    private func readReuse(_ value: YAMLValue?) -> ReuseRule? {
        guard let mapping = value?.mapping("reuse", keys: ConfigurationKeys.reuse),
            let place = mapping.required("within", "a duration"), let within = place.duration(atLeast: .seconds(1))
        else { return nil }
        let words = Outcome.allCases.filter(ReuseRule.possible.contains).map(\.rawValue)
        guard let outcome = mapping["outcome"] else { return ReuseRule(within: within) }
        let named = if case .sequence = outcome.node { outcome.list(of: "outcomes") ?? [] } else { [outcome] }
        return ReuseRule(within: within, outcomes: Set(named.compactMap { $0.choice(of: words).flatMap(Outcome.init) }))
    }

    /// `true`, or `{bytes: 1000000}`.
    private func readTry(_ value: YAMLValue?) -> TryRule? {
        guard let value else { return nil }
        guard case .mapping = value.node else { return value.boolean() == true ? TryRule() : nil }
        guard let mapping = value.mapping("try", keys: ConfigurationKeys.tryRule) else { return nil }
        return TryRule(bytes: mapping["bytes"]?.integer(in: 1...TryRule.most) ?? TryRule.usual)
    }

    private mutating func readNeeds(_ value: YAMLValue?) -> [Need] {
        guard let elements = value?.list(of: "builders") else { return [] }
        var needs: [Need] = []
        for element in elements {
            guard let (need, place) = readNeed(element) else { continue }
            if needs.contains(where: { $0.builder == need.builder }) {
                place.report("found \"\(YAMLValue.quotable(need.builder))\" a second time, expected each builder once")
            } else {
                needs.append(need)
                draft.builderReferences.append((need.builder, place))
            }
        }
        return needs
    }

    /// A builder's name, or `{builder: NAME, outcome: any}`.
    private func readNeed(_ value: YAMLValue) -> (need: Need, place: YAMLValue)? {
        guard case .mapping = value.node else {
            return value.text("the name of a builder, or {builder: NAME, outcome: any}").map { (Need(builder: $0), value) }
        }
        guard let mapping = value.mapping("need", keys: ConfigurationKeys.need),
            let place = mapping.required("builder", "the name of a builder"), let name = place.text("the name of a builder")
        else { return nil }
        return (Need(builder: name, outcomes: mapping["outcome"].map(readOutcomes) ?? Need.usual), place)
    }

    func readOutcomes(_ value: YAMLValue) -> Set<Outcome> {
        let words = Outcome.allCases.map(\.rawValue)
        guard case .sequence = value.node else {
            guard let word = value.choice(of: words + ["any"]) else { return [] }
            return word == "any" ? Set(Outcome.allCases) : Set([word].compactMap(Outcome.init))
        }
        return Set((value.list(of: "outcomes") ?? []).compactMap { $0.choice(of: words).flatMap(Outcome.init) })
    }

    /// A label may say `${axis}`, and nothing else: what else builds know is not known when workers are chosen.
    private func refuseOpenLabels(_ labels: [String: String], at value: YAMLValue?, axes: [String]) {
        for (label, text) in labels.sorted(by: { $0.key < $1.key }) where text.contains("${") {
            for case .property(let name) in (try? Interpolation.parts(of: text)) ?? [.property(text)] where !axes.contains(name) {
                value?.report("found ${\(YAMLValue.quotable(name))} in the label \"\(label)\", expected an axis of the builder's \"matrix\"")
            }
        }
    }

    private func readLabels(_ value: YAMLValue?) -> [String: String] {
        guard let value else { return [:] }
        guard case .mapping = value.node else {
            value.expected("a mapping of label names to values, such as {os: linux}")
            return [:]
        }
        var labels: [String: String] = [:]
        for entry in value.entries() {
            guard NameRule.allows(entry.name) else {
                entry.key.expected("a label name of " + NameRule.expectation)
                continue
            }
            guard let text = entry.value.textOfAnyScalar("the label's value") else { continue }
            guard NameRule.allows(text) else {
                entry.value.expected("a label value of " + NameRule.expectation)
                continue
            }
            labels[entry.name] = text
        }
        return labels
    }

    func readEnvironment(_ value: YAMLValue?) -> [String: String] {
        guard let value else { return [:] }
        guard case .mapping = value.node else {
            value.expected("a mapping of environment variables to values, such as {LANG: C}")
            return [:]
        }
        var environment: [String: String] = [:]
        for entry in value.entries() {
            if !Self.isVariableName(entry.name) {
                entry.key.expected("the name of an environment variable: letters, digits and \"_\", not beginning with a digit")
            } else if entry.name.hasPrefix("DOORBELL_") {
                entry.key.expected("another name: variables that begin with DOORBELL_ are set by Doorbell itself")
            } else if let text = entry.value.textOfAnyScalar("a text, a number or a boolean"), checkText(text, entry.value) {
                environment[entry.name] = text
            }
        }
        return environment
    }

    /// Reports what no process could be given, and references to properties that are not written as they must be.
    func checkText(_ text: String, _ value: YAMLValue) -> Bool {
        if text.utf8.contains(0) {
            value.report("found a NUL character, expected a text without one")
            return false
        }
        if text.utf8.count > Interpolation.longestValue {
            value.report("found \(text.utf8.count) bytes, expected at most \(Interpolation.longestValue)")
            return false
        }
        do {
            _ = try Interpolation.parts(of: text)
            return true
        } catch {
            value.report(
                "found \"\(YAMLValue.quotable(error.found))\", expected a property as ${name}, "
                    + "or $$ in front of a brace that is meant for the shell: $${…}")
            return false
        }
    }
}
