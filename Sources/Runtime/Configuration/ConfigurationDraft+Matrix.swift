import Domain

extension ConfigurationDraft {
    /// The draft with every builder that has a matrix replaced by its variants, also where schedulers and needs name it.
    func expanded(problems: ProblemCollector) -> ConfigurationDraft {
        guard !matrices.isEmpty else { return self }
        var draft = self
        var variants: [String: [(name: String, values: [String: String])]] = [:]
        draft.builders = builders.flatMap { part -> [Part<Builder>] in
            guard let matrix = matrices[part.value.name] else { return [part] }
            return (matrix.combinations() ?? []).map { values in
                let name = matrix.name(of: part.value.name, values)
                if !NameRule.allows(name) {
                    part.name?.report("found a variant \"\(YAMLValue.quotable(name))\", expected a name of \(NameRule.expectation)")
                }
                variants[part.value.name, default: []].append((name, values))
                return Part(value: part.value.variant(values, named: name), name: part.name)
            }
        }
        let valuesByName = variants.values.joined().reduce(into: [:]) { $0[$1.name] = $1.values }
        for place in draft.builders.indices {
            let own = valuesByName[draft.builders[place].value.name] ?? [:]
            draft.builders[place].value.needs = draft.builders[place].value.needs.flatMap { need -> [Need] in
                guard let group = variants[need.builder] else { return [need] }
                // Of the axes that both have, the same values.
                let meant = group.filter { variant in variant.values.allSatisfy { own[$0.key] == nil || own[$0.key] == $0.value } }
                if meant.isEmpty {
                    draft.builders[place].name?.report(
                        "found \"\(draft.builders[place].value.name)\" that needs \"\(YAMLValue.quotable(need.builder))\", which has no variant with the same "
                            + "values, expected one: exclude this variant, or name what it needs")
                }
                return meant.map { Need(builder: $0.name, outcomes: need.outcomes) }
            }
        }
        for place in draft.schedulers.indices {
            draft.schedulers[place].value.builders = draft.schedulers[place].value.builders.flatMap { name in
                variants[name]?.map(\.name) ?? [name]
            }
        }
        return draft
    }
}
