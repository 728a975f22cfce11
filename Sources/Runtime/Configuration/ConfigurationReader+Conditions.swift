import Domain

extension ConfigurationReader {
    /// What a scheduler asks of changes with `where`.
    func readCondition(_ value: YAMLValue?, depth: Int = 0) -> ChangeCondition? {
        guard let value else { return nil }
        guard depth < ChangeCondition.deepest else {
            value.report("found more than \(ChangeCondition.deepest) conditions within each other, expected fewer")
            return nil
        }
        guard let source = value.mapping("condition", keys: ConfigurationKeys.condition) else { return nil }
        var read = ChangeCondition()
        for field in ChangeCondition.Field.allCases {
            if let words = source[field.rawValue] { read.fields[field] = readRules(words, of: field.rawValue) }
        }
        for entry in source["properties"]?.entries() ?? [] { read.properties[entry.name] = readRules(entry.value, of: "values") }
        for (key, place) in [("all", \ChangeCondition.all), ("any", \.any), ("not", \.not)] {
            guard let conditions = source[key] else { continue }
            // One that stands alone needs no list.
            let each = conditions.isList ? conditions.list(of: "conditions") ?? [] : [conditions]
            read[keyPath: place] = each.compactMap { readCondition($0, depth: depth + 1) }
        }
        if value.entries().isEmpty { value.report("found a condition that asks nothing, expected \(YAMLValue.oneOf(ConfigurationKeys.condition))") }
        return read
    }

    private func readRules(_ value: YAMLValue, of what: String) -> [TextRule] {
        let words = value.isList ? value.list(of: what) ?? [] : [value]
        return words.compactMap { word in
            guard let text = word.textOfAnyScalar("a pattern, or behind ~ a regular expression") else { return nil }
            do {
                let rule = try TextRule(text)
                if text.isEmpty || text == "!" || text == "~" || text == "!~" { word.expected("a pattern, or behind ~ a regular expression") }
                return rule
            } catch {
                word.report("found \"\(YAMLValue.quotable(text))\", a regular expression that cannot be read: \(error)")
                return nil
            }
        }
    }
}
