import Domain

extension ConfigurationReader {
    mutating func readSteps(_ values: [YAMLValue]) -> [StepRecipe] {
        var steps: [(recipe: StepRecipe, name: YAMLValue?)] = []
        for value in values {
            if let step = readStep(value) { steps.append(step) }
        }
        var names: [String: YAMLValue] = [:]
        for (recipe, place) in steps {
            guard let place else { continue }
            if let earlier = names[recipe.name] {
                place.report(
                    "found a second step \"\(YAMLValue.quotable(recipe.name))\", expected a name of its own; the first is at \(earlier.place)")
            } else {
                names[recipe.name] = place
            }
        }
        var taken = Set(names.keys)
        return steps.enumerated().map { index, step in
            guard step.name == nil else { return step.recipe }
            var recipe = step.recipe
            recipe.name = StepNames.derived(for: recipe.action, number: index + 1, taken: taken)
            taken.insert(recipe.name)
            return recipe
        }
    }

    private mutating func readStep(_ value: YAMLValue) -> (recipe: StepRecipe, name: YAMLValue?)? {
        guard let step = value.mapping("step", keys: ConfigurationKeys.step), let action = readAction(of: step) else { return nil }
        var recipe = StepRecipe(name: "", action: action)
        var place: YAMLValue?
        if let given = step["name"], let name = readName(given) {
            place = given
            recipe.name = name
            if name.contains("${") { given.expected("a name without ${: properties are not filled into names") }
        }
        recipe.environment = readEnvironment(step["env"])
        recipe.secrets = readSecretUses(step["secrets"], of: step)
        recipe.directory = readBuildPath(step["directory"])
        recipe.timeout = step["timeout"]?.duration()
        recipe.idleTimeout = step["idle_timeout"]?.duration()
        recipe.continueOnFailure = step["continue_on_failure"]?.boolean() ?? false
        recipe.always = step["always"]?.boolean() ?? false
        recipe.warningsOnly = step["warnings_only"]?.boolean() ?? false
        recipe.retries = step["retries"]?.integer(in: 0...100) ?? 0
        return (recipe, place)
    }

    private mutating func readAction(of step: YAMLMapping) -> StepRecipe.Action? {
        let actions = ["checkout", "run", "trigger"].filter(step.has)
        guard actions.count <= 1 else {
            let both = actions.map { "\"\($0)\"" }
            step.value.report("found a step with both \(both[0]) and \(both[1]), expected one of them: make it two steps")
            return nil
        }
        if let checkout = step["checkout"] { return readCheckout(checkout).map { .checkout($0) } }
        if let run = step["run"] { return readCommand(run).map { .run($0) } }
        if let trigger = step["trigger"] { return readTrigger(trigger, of: step).map { .trigger($0) } }
        guard !["checkout", "run", "trigger"].contains(where: step.isMeant) else { return nil }
        step.value.report("found a step with neither \"checkout\" nor \"run\" nor \"trigger\", expected one of them")
        return nil
    }

    private func readCheckout(_ value: YAMLValue) -> StepRecipe.Checkout? {
        if value.isNull { return StepRecipe.Checkout() }
        guard let mapping = value.mapping("checkout", keys: ConfigurationKeys.checkout) else { return nil }
        var checkout = StepRecipe.Checkout()
        if let mode = mapping["mode"]?.choice(of: StepRecipe.Checkout.Mode.allCases.map(\.rawValue)) {
            checkout.mode = StepRecipe.Checkout.Mode(rawValue: mode) ?? checkout.mode
        }
        if let system = mapping["system"]?.choice(of: StepRecipe.Checkout.System.allCases.map(\.rawValue)) {
            checkout.system = StepRecipe.Checkout.System(rawValue: system) ?? checkout.system
        }
        if checkout.system == .mercurial, let key = mapping.key("submodules") {
            key.report("found \"submodules\" in a checkout of mercurial, expected none: it fetches no subrepositories")
        }
        checkout.submodules = mapping["submodules"]?.boolean() ?? false
        checkout.credential = readCredential(mapping["credential"])
        checkout.directory = readBuildPath(mapping["directory"])
        return checkout
    }

    private func readCommand(_ value: YAMLValue) -> StepRecipe.Command? {
        guard value.isList else {
            guard let text = value.text("a shell command, or a list of a program and its arguments"), checkText(text, value) else { return nil }
            guard text.contains(where: { !$0.isWhitespace }) else {
                value.expected("a shell command that is not empty")
                return nil
            }
            return .shell(text)
        }
        guard let elements = value.list(of: "a program and its arguments") else { return nil }
        var words: [String] = []
        for element in elements {
            guard let word = element.textOfAnyScalar("an argument"), checkText(word, element) else { return nil }
            words.append(word)
        }
        guard let program = words.first, !program.isEmpty else {
            elements.first?.expected("the name of a program")
            return nil
        }
        return .arguments(words)
    }

    func readBuildPath(_ value: YAMLValue?) -> String {
        guard let value, let path = value.text("a path in the build's directory"), checkText(path, value) else { return "" }
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            value.expected("a path in the build's directory: relative, without \"..\"")
            return ""
        }
        return path == "." ? "" : path
    }
}
