import Domain

extension ConfigurationReader {
    mutating func readSecret(_ value: YAMLValue) {
        guard let mapping = value.mapping("secret", keys: ConfigurationKeys.secret) else { return }
        let (name, place) = readName(of: mapping)
        let projects = readGlobs(mapping["projects"], of: "projects")
        let untrusted = mapping["untrusted"]?.boolean() ?? false
        guard let reference = readPlace(mapping, of: "a secret", at: value) else { return }
        draft.secrets.append(.init(value: Secret(name: name, place: reference, projects: projects, untrusted: untrusted), name: place))
    }

    /// The secrets that a step asks for, by its variables.
    mutating func readSecretUses(_ value: YAMLValue?, of step: YAMLMapping) -> [String: SecretUse] {
        guard let value else { return [:] }
        guard step.has("run") else {
            step.key("secrets")?.report("found \"secrets\" in a step without \"run\", expected none: it runs no command that could use them")
            return [:]
        }
        guard case .mapping = value.node else {
            value.expected("a mapping of environment variables to secrets, such as {TOKEN: deploy-token}")
            return [:]
        }
        var uses: [String: SecretUse] = [:]
        for entry in value.entries() {
            if !Self.isVariableName(entry.name) {
                entry.key.expected("the name of an environment variable: letters, digits and \"_\", not beginning with a digit")
            } else if entry.name.hasPrefix("DOORBELL_") {
                entry.key.expected("another name: variables that begin with DOORBELL_ are set by Doorbell itself")
            } else if let use = readSecretUse(entry.value) {
                uses[entry.name] = use
            }
        }
        return uses
    }

    /// A secret's name, or `{name: NAME, as: file, optional: true}`.
    private mutating func readSecretUse(_ value: YAMLValue) -> SecretUse? {
        guard case .mapping = value.node else {
            guard let name = value.text("the name of a secret, or {name: NAME, as: file}") else { return nil }
            draft.secretReferences.append((name, value))
            return SecretUse(name)
        }
        guard let mapping = value.mapping("secret", keys: ConfigurationKeys.secretUse),
            let place = mapping.required("name", "the name of a secret"), let name = place.text("the name of a secret")
        else { return nil }
        draft.secretReferences.append((name, place))
        let form = mapping["as"]?.choice(of: SecretUse.Form.allCases.map(\.rawValue)).flatMap(SecretUse.Form.init)
        return SecretUse(name, form: form ?? .value, optional: mapping["optional"]?.boolean() ?? false)
    }
}
