import Domain

extension ConfigurationReader {
    /// What people may say when they force a builder.
    func readForce(_ value: YAMLValue?, axes: [String]) -> ForceRule? {
        guard let value, let force = value.mapping("force", keys: ConfigurationKeys.force) else { return nil }
        var rule = ForceRule()
        if let reason = force["reason"]?.choice(of: ForceRule.Reason.allCases.map(\.rawValue)) {
            rule.reason = ForceRule.Reason(rawValue: reason) ?? rule.reason
        }
        guard let parameters = force["parameters"] else { return rule }
        for element in parameters.list(of: "parameters") ?? [] {
            guard let (parameter, place) = readParameter(element) else { continue }
            if rule.parameters.contains(where: { $0.name == parameter.name }) {
                place.report("found a second parameter \"\(parameter.name)\", expected a name of its own")
            } else if axes.contains(parameter.name) {
                place.report("found the parameter \"\(parameter.name)\", expected another name: this one is an axis of the builder's \"matrix\"")
            } else {
                rule.parameters.append(parameter)
            }
        }
        return rule
    }

    private func readParameter(_ value: YAMLValue) -> (ForceParameter, place: YAMLValue)? {
        guard let mapping = value.mapping("parameter", keys: ConfigurationKeys.parameter) else { return nil }
        let kinds = ForceParameter.Kind.allCases.map(\.rawValue)
        let place = mapping.required("name", "the name of a property")
        let kind = mapping.required("kind", YAMLValue.oneOf(kinds))?.choice(of: kinds).flatMap(ForceParameter.Kind.init(rawValue:))
        guard let place, let name = place.text("the name of a property"), let kind else { return nil }
        guard NewChange.isPropertyName(name), !BuiltInProperty.reserved.contains(name) else {
            place.expected("the name of a property: a letter, then letters, digits, \"_\", \"-\" and \".\", and none of Doorbell's own")
            return nil
        }
        var parameter = ForceParameter(name, kind)
        parameter.label = mapping["label"]?.text("a text for people")
        parameter.required = mapping["required"]?.boolean() ?? false
        for (key, of) in [("choices", ForceParameter.Kind.choice), ("minimum", .number), ("maximum", .number), ("pattern", .text)] where kind != of {
            mapping.key(key)?.report("found \"\(key)\" in a parameter of kind \"\(kind.rawValue)\", expected none")
        }
        switch kind {
        case .choice: parameter.choices = readChoices(of: mapping)
        case .number: (parameter.minimum, parameter.maximum) = readBounds(of: mapping)
        case .text: parameter.pattern = mapping["pattern"].flatMap(readPattern)
        case .boolean, .revision: break
        }
        if let given = mapping["default"], let json = given.json() {
            if parameter.required {
                mapping.key("default")?.report("found \"default\" in a parameter that is \"required\", expected one of them")
            } else if let read = parameter.value(of: json) {
                parameter.default = read
            } else {
                given.expected(parameter.expectation)
            }
        }
        return (parameter, place)
    }

    private func readChoices(of mapping: YAMLMapping) -> [String] {
        var choices: [String] = []
        for element in mapping.required("choices", "the values to choose from")?.list(of: "choices") ?? [] {
            guard let text = element.text("a text"), checkValue(text, element) else { continue }
            if choices.contains(text) { element.report("found \"\(YAMLValue.quotable(text))\" a second time, expected each choice once") }
            choices.append(text)
        }
        return choices
    }

    private func readBounds(of mapping: YAMLMapping) -> (Double?, Double?) {
        let bounds = ["minimum", "maximum"].map { key -> Double? in
            switch mapping[key]?.json() {
            case .integer(let number)?: return Double(number)
            case .number(let number)?: return number
            case nil: return nil
            default:
                mapping[key]?.expected("a number")
                return nil
            }
        }
        if let least = bounds[0], let most = bounds[1], least > most { mapping["maximum"]?.expected("a number that is not below \"minimum\"") }
        return (bounds[0], bounds[1])
    }

    private func readPattern(_ value: YAMLValue) -> Pattern? {
        guard let text = value.text("a regular expression") else { return nil }
        do {
            return try Pattern(text)
        } catch {
            value.report("found \"\(YAMLValue.quotable(text))\", a regular expression that cannot be read: \(error)")
            return nil
        }
    }

    private func checkValue(_ text: String, _ value: YAMLValue) -> Bool {
        guard !text.isEmpty, text.utf8.count <= Interpolation.longestValue, !text.utf8.contains(0) else {
            value.expected("a text that is not empty")
            return false
        }
        return true
    }
}
