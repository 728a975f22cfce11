import Domain

extension ConfigurationReader {
    /// A step that has schedulers build: the name of one, or several.
    mutating func readTrigger(_ value: YAMLValue, of step: YAMLMapping) -> StepRecipe.Trigger? {
        guard let mapping = value.mapping("trigger", keys: ConfigurationKeys.trigger) else { return nil }
        for key in ["env", "directory", "idle_timeout"] {
            step.key(key)?.report("found \"\(key)\" in a step that triggers, expected none: it runs nothing of its own")
        }
        guard mapping.has("scheduler") != mapping.has("schedulers") else {
            value.report("found a trigger with neither or both of \"scheduler\" and \"schedulers\", expected one of them")
            return nil
        }
        var trigger = StepRecipe.Trigger(schedulers: [])
        for element in mapping["scheduler"].map({ [$0] }) ?? mapping["schedulers"]?.list(of: "schedulers") ?? [] {
            guard let name = element.text("the name of a scheduler") else { continue }
            if trigger.schedulers.contains(name) {
                element.report("found \"\(YAMLValue.quotable(name))\" a second time, expected each scheduler once")
            } else {
                trigger.schedulers.append(name)
                draft.triggerReferences.append((name, element))
            }
        }
        trigger.wait = mapping["wait"]?.boolean() ?? true
        trigger.properties = readProperties(mapping["properties"])
        for (_, property) in trigger.properties.sorted(by: { $0.key < $1.key }) {
            if case .string(let text) = property, let value = mapping["properties"] { _ = checkText(text, value) }
        }
        return trigger
    }
}

extension ConfigurationDraft {
    /// Reports steps that trigger what cannot be triggered, and builders that would start each other for ever.
    func refuseTriggers(of configuration: Configuration) {
        let triggerable = schedulers.map(\.value).filter { $0.kind == .triggerable }.map(\.name)
        for reference in triggerReferences where !triggerable.contains(reference.name) {
            guard schedulers.contains(where: { $0.value.name == reference.name }) else { continue }
            reference.value.report(
                "found \"\(YAMLValue.quotable(reference.name))\", a scheduler of another kind, expected one of kind \"triggerable\"")
        }
        guard let circle = configuration.circleOfTriggers(), let first = circle.first(where: { $0.hasPrefix("builder ") }) else { return }
        let place = builders.first { "builder \($0.value.name)" == first }?.name
        place?.report(
            "found builders that trigger each other in a circle (\(circle.joined(separator: ", then "))), expected one that triggers none of the others"
        )
    }
}
