import Domain

/// Reads the values of one file into a draft, reporting everything that does not fit.
struct ConfigurationReader {
    /// The directory of the file, absolute: relative local repositories are meant from there.
    let directory: String
    var draft: ConfigurationDraft

    /// False when the file is no configuration at all, so that nothing can be said about what it lacks.
    mutating func read(_ root: YAMLValue) -> Bool {
        guard let top = root.mapping("configuration", keys: ConfigurationKeys.top) else { return false }
        if let value = top["project"], let name = readName(value) { draft.projects.append((name, value)) }
        if let value = top["project"], draft.projects.isEmpty { draft.projects.append(("", value)) }
        for value in parts(of: top, "sources", each: "sources") { readSource(value) }
        for value in parts(of: top, "codebases", each: "codebases") { readCodebase(value) }
        for value in parts(of: top, "schedulers", each: "schedulers") { readScheduler(value) }
        for value in parts(of: top, "builders", each: "builders") { readBuilder(value) }
        for value in parts(of: top, "locks", each: "locks") { readLock(value) }
        for value in parts(of: top, "secrets", each: "secrets") { readSecret(value) }
        for value in parts(of: top, "projects", each: "projects") { readProject(value) }
        for value in parts(of: top, "consumers", each: "consumers") { readConsumer(value) }
        for value in parts(of: top, "webhooks", each: "webhooks") { readWebhook(value) }
        if let value = top["limit"], let limit = value.integer(in: Self.limits) { draft.limits.append((limit, value)) }
        if let value = top["untrusted"] { draft.untrusted.append((readUntrusted(value), value)) }
        return true
    }

    /// The elements of a top-level list; an empty list is fine here.
    private func parts(of top: YAMLMapping, _ key: String, each what: String) -> [YAMLValue] {
        guard let value = top[key] else { return [] }
        guard case .sequence(let sequence) = value.node else {
            value.expected("a list of \(what) (or leave the key out)")
            return []
        }
        return sequence.map { value.with($0) }
    }

    private func readUntrusted(_ value: YAMLValue) -> UntrustedRule {
        var rule = UntrustedRule()
        guard let mapping = value.mapping("untrusted", keys: ConfigurationKeys.untrusted) else { return rule }
        let words = UntrustedRule.Workers.allCases.map(\.rawValue)
        if let word = mapping["workers"]?.choice(of: words) { rule.workers = UntrustedRule.Workers(rawValue: word) ?? rule.workers }
        return rule
    }

    func readName(_ value: YAMLValue) -> String? {
        guard let name = value.text("a name") else { return nil }
        guard NameRule.allows(name) else {
            value.expected("a name of " + NameRule.expectation)
            return nil
        }
        return name
    }

    func readName(of part: YAMLMapping) -> (name: String, place: YAMLValue?) {
        guard let value = part.required("name", "a name"), let name = readName(value) else { return ("", nil) }
        return (name, value)
    }

    /// A list of patterns; `refs` are branches or tags, where git itself excludes some characters.
    func readGlobs(_ value: YAMLValue?, of what: String, refs: Bool = false) -> [Glob] {
        guard let value, let elements = value.list(of: what) else { return [] }
        return elements.compactMap { element in
            guard let pattern = element.text("a pattern") else { return nil }
            guard !pattern.isEmpty, pattern.utf8.count <= 200, !pattern.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
            else {
                element.expected("a pattern of 1 to 200 bytes without control characters")
                return nil
            }
            if pattern.hasPrefix("!") {
                element.expected("a pattern: one with \"!\" in front is no exception here" + (refs ? "" : " (there is \"ignore_files\" for files)"))
                return nil
            }
            if refs, let prefix = ["refs/heads/", "refs/tags/", "refs/"].first(where: { pattern.hasPrefix($0) }) {
                element.expected("the short name: \"\(YAMLValue.quotable(String(pattern.dropFirst(prefix.count))))\"")
                return nil
            }
            if refs, pattern.hasPrefix("-") || pattern.unicodeScalars.contains(where: { " ~^:\\[{".unicodeScalars.contains($0) }) {
                element.expected(
                    "a pattern of a git name: \"*\" is any run without \"/\", \"**\" any run, \"?\" one character; no other characters are special")
                return nil
            }
            return Glob(pattern)
        }
    }

    func readCredential(_ value: YAMLValue?) -> CredentialReference? {
        guard let value, let mapping = value.mapping("credential", keys: ConfigurationKeys.credential) else { return nil }
        return readPlace(mapping, of: "a credential", at: value)
    }

    /// The file or the variable that a mapping names.
    func readPlace(_ mapping: YAMLMapping, of what: String, at value: YAMLValue) -> CredentialReference? {
        switch (mapping["file"], mapping["env"]) {
        case (let file?, nil):
            guard let path = file.text("a path") else { return nil }
            guard path.hasPrefix("/"), !path.utf8.contains(0) else {
                file.expected("an absolute path")
                return nil
            }
            return .file(path)
        case (nil, let env?):
            guard let name = env.text("the name of an environment variable") else { return nil }
            guard Self.isVariableName(name) else {
                env.expected("the name of an environment variable: letters, digits and \"_\", not beginning with a digit")
                return nil
            }
            return .environment(name)
        default:
            value.report("found \(what) with neither or both of \"file\" and \"env\", expected one of them")
            return nil
        }
    }

    func readProperties(_ value: YAMLValue?) -> [String: JSONValue] {
        guard let value else { return [:] }
        guard case .mapping = value.node else {
            value.expected("a mapping of property names to values")
            return [:]
        }
        var properties: [String: JSONValue] = [:]
        for entry in value.entries() {
            let isName = entry.name.utf8.count <= NameRule.longest && entry.name.unicodeScalars.allSatisfy(Self.isPropertyScalar)
            if !isName {
                entry.key.expected("the name of a property: letters, digits, \"_\", \"-\" and \".\"")
            } else if BuiltInProperty.reserved.contains(entry.name) {
                entry.key.report("found the property \"\(entry.name)\", expected another name: this one is set by Doorbell itself")
            } else {
                properties[entry.name] = entry.value.json()
            }
        }
        return properties
    }

    static func isVariableName(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, !("0"..."9").contains(first), name.utf8.count <= 200 else { return false }
        return name.unicodeScalars.allSatisfy { isPropertyScalar($0) && $0 != "-" && $0 != "." }
    }

    private static func isPropertyScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": true
        default: false
        }
    }
}
