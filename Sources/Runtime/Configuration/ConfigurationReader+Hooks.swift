import Domain

extension ConfigurationReader {
    /// A source that somebody tells: it has no remote of its own.
    mutating func readHook(_ value: YAMLValue) {
        guard let source = value.mapping("hook", keys: ConfigurationKeys.hook) else { return }
        let (name, place) = readName(of: source)
        readTies(of: source, name)
        let forge = source["hook"]?.choice(of: HookConfiguration.Forge.allCases.map(\.rawValue)).flatMap(HookConfiguration.Forge.init(rawValue:))
        var read = HookConfiguration(name: name, forge: forge ?? .github, secret: readCredential(source["secret"]))
        if let forge { refuseForeignKeys(of: source, forge) }
        read.ownProof = readProof(of: source, forge)
        checkTrust(of: source, forge)
        if source.has("branches") { read.branches = readGlobs(source["branches"], of: "branches", refs: true) }
        read.tags = readGlobs(source["tags"], of: "tags", refs: true)
        if let commits = source["commits"]?.choice(of: SourceConfiguration.Commits.allCases.map(\.rawValue)) {
            read.commits = SourceConfiguration.Commits(rawValue: commits) ?? read.commits
        }
        if let address = source["address"]?.choice(of: HookConfiguration.Address.allCases.map(\.rawValue)) {
            read.address = HookConfiguration.Address(rawValue: address) ?? read.address
        }
        if forge == .gerrit { _ = source.required("url", "the URL under which its projects are fetched, such as https://gerrit.example.org") }
        read.url = source["url"].flatMap { readForgeURL($0) }
        read.delivery = readHeader(source["delivery"], "delivery")
        if forge == .generic { readMappings(of: source, into: &read) }
        draft.hooks.append(.init(value: read, name: place))
    }

    /// A key that this forge's calls make nothing of is a misunderstanding.
    private func refuseForeignKeys(of source: YAMLMapping, _ forge: HookConfiguration.Forge) {
        let known = ConfigurationKeys.hook(forge)
        for key in ConfigurationKeys.hook where !known.contains(key) {
            source.key(key)?.report(
                "found \"\(key)\" in a hook of kind \(forge.rawValue), which has no use for it, expected \(YAMLValue.oneOf(known))")
        }
    }

    private func readProof(of source: YAMLMapping, _ forge: HookConfiguration.Forge?) -> HookProof? {
        if let key = source.key("token"), source.has("signature") {
            key.report("found \"token\" beside \"signature\", expected one of them")
        }
        if let value = source["signature"] {
            guard let signature = value.mapping("signature", keys: ConfigurationKeys.signature), let header = readHeader(of: signature) else {
                return nil
            }
            let algorithm = signature["algorithm"]?.choice(of: HookProof.Algorithm.allCases.map(\.rawValue))
            let prefix = signature["prefix"]?.text("what stands before the digits, such as \"sha256=\"") ?? ""
            if prefix.utf8.count > 100 { signature["prefix"]?.expected("at most 100 bytes") }
            return .signature(headers: [header], algorithm: algorithm.flatMap(HookProof.Algorithm.init(rawValue:)) ?? .sha256, prefix: prefix)
        }
        return readHeader(source["token"], "token").map { .token(headers: [$0]) }
    }

    /// Either a secret and a way to prove that one knows it, or the word that anybody is believed.
    private func checkTrust(of source: YAMLMapping, _ forge: HookConfiguration.Forge?) {
        let isUnsigned = source["unsigned"]?.boolean() ?? false
        let means = forge == .generic || forge == .gerrit ? ["secret", "signature", "token"] : ["secret"]
        if isUnsigned {
            for means in means where source.has(means) {
                source.key("unsigned")?.report("found \"unsigned: true\" beside \"\(means)\", expected one of them")
            }
        } else if !source.has("secret") {
            guard !source.isMeant("secret") else { return }
            source.value.report(
                "found a hook without \"secret\", expected {env: NAME} or {file: /PATH} with what the forge signs with; \"unsigned: true\" believes anybody"
            )
        } else if let forge, forge.proof == nil, !means.dropFirst().contains(where: { source.has($0) || source.isMeant($0) }) {
            let ways = forge == .generic ? "\"signature\" or \"token\"" : "\"token\""
            source.value.report("found a hook without \(ways), expected {header: NAME}: how a caller proves that it knows the secret")
        }
    }

    private mutating func readMappings(of source: YAMLMapping, into read: inout HookConfiguration) {
        guard let map = source.required("map", "how a call becomes changes") else { return }
        let mappings = readMappings(map, preset: nil, of: source.value)
        let secret = Set((read.proof?.headers ?? []).map { $0.lowercased() })
        for header in mappings.flatMap(\.headers) {
            if header != header.lowercased() {
                map.report(
                    "found {@header:\(YAMLValue.quotable(header))}, expected {@header:\(YAMLValue.quotable(header.lowercased()))}: in lower case")
            } else if secret.contains(header) {
                map.report("found {@header:\(YAMLValue.quotable(header))}, expected another header: this one proves that the caller knows the secret")
            }
        }
        if let delivery = read.delivery, secret.contains(delivery.lowercased()) {
            source["delivery"]?.report("found the header that proves that the caller knows the secret, expected another")
        }
        read.mappings = mappings
    }

    func readHeader(_ value: YAMLValue?, _ what: String) -> String? {
        value.flatMap { $0.mapping(what, keys: ConfigurationKeys.header) }.flatMap { readHeader(of: $0) }
    }

    private func readHeader(of mapping: YAMLMapping) -> String? {
        guard let value = mapping.required("header", "the name of an HTTP header"), let name = value.text("the name of an HTTP header") else {
            return nil
        }
        let marks = "!#$%&'*+-.^_`|~"
        let isName =
            (1...100).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || marks.unicodeScalars.contains(scalar))
            }
        guard isName else {
            value.expected("the name of an HTTP header, such as X-Signature")
            return nil
        }
        return name
    }

    private func readForgeURL(_ value: YAMLValue) -> String? {
        guard let text = value.text("a URL") else { return nil }
        if case .refused(let why) = GitLocation(text) {
            value.report("found \"\(GitLocation.withoutSecrets(YAMLValue.quotable(text)))\", expected \(why)")
            return nil
        }
        guard text.contains("://"), text.utf8.count <= 1000 else {
            value.expected("a URL of at most 1000 bytes, such as https://gerrit.example.org")
            return nil
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
