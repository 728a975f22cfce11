import Domain

extension ConfigurationReader {
    /// Axes with their values, and what is left out and added.
    func readMatrix(_ value: YAMLValue?) -> BuilderMatrix? {
        guard let value else { return nil }
        guard case .mapping = value.node else {
            value.expected("a mapping of axes to their values, such as {os: [linux, mac]}")
            return nil
        }
        var matrix = BuilderMatrix(axes: [])
        let entries = value.entries()
        for entry in entries where !ConfigurationKeys.matrix.contains(entry.name) {
            guard NewChange.isPropertyName(entry.name), !BuiltInProperty.reserved.contains(entry.name) else {
                entry.key.expected("the name of an axis: a letter, then letters, digits, \"_\", \"-\" and \".\", and no property of Doorbell's own")
                continue
            }
            var values: [String] = []
            for element in entry.value.list(of: "values") ?? [] {
                guard let text = element.textOfAnyScalar("a value") else { continue }
                if !NameRule.allows(text) || values.contains(text) || text.contains(",") {
                    element.expected("another value, without \",\" and of \(NameRule.expectation)")
                }
                values.append(text)
            }
            matrix.axes.append(.init(name: entry.name, values: values))
        }
        if matrix.axes.isEmpty { value.expected("at least one axis, such as {os: [linux, mac]}") }
        for entry in entries where ConfigurationKeys.matrix.contains(entry.name) {
            for element in entry.value.list(of: "combinations") ?? [] {
                guard let combination = readCombination(element, of: matrix, isWhole: entry.name == "include") else { continue }
                if entry.name == "include" { matrix.include.append(combination) } else { matrix.exclude.append(combination) }
            }
        }
        guard let combinations = matrix.combinations(), !combinations.isEmpty else {
            value.expected("a matrix with 1 to \(BuilderMatrix.mostVariants) combinations")
            return nil
        }
        return matrix
    }

    private func readCombination(_ value: YAMLValue, of matrix: BuilderMatrix, isWhole: Bool) -> [String: String]? {
        guard let mapping = value.mapping("combination", keys: matrix.axes.map(\.name)) else { return nil }
        var combination: [String: String] = [:]
        for axis in matrix.axes {
            if let text = mapping[axis.name]?.textOfAnyScalar("a value") {
                combination[axis.name] = text
                if !NameRule.allows(text) { mapping[axis.name]?.expected("a value of \(NameRule.expectation)") }
                if !isWhole, !axis.values.contains(text) { mapping[axis.name]?.expected(YAMLValue.oneOf(axis.values)) }
            } else if isWhole, !mapping.has(axis.name) {
                value.report("found a combination without \"\(axis.name)\", expected a value for every axis")
            }
        }
        return combination
    }
}
