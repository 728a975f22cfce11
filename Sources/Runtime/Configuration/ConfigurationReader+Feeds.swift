import Domain
import SignalsAMQP

extension ConfigurationReader {
    /// A source that is somebody else's exchange.
    mutating func readFeed(_ value: YAMLValue) {
        guard let source = value.mapping("feed", keys: ConfigurationKeys.feed) else { return }
        let (name, place) = readName(of: source)
        readTies(of: source, name)
        let preset = source["preset"]?.choice(of: MappingPreset.allCases.map(\.rawValue)).flatMap(MappingPreset.init(rawValue:))
        let isPassive = source["declare"]?.choice(of: ["active", "passive"]) == "passive"
        var read = FeedConfiguration(name: name, queue: "", deadLetters: .refuse, mappings: [])
        read.broker = readBroker(source["amqp"])
        read.credential = readCredential(source["credential"])
        if read.broker == nil, let key = source.key("credential"), source["amqp"]?.node.string == "own" {
            key.report("found \"credential\" beside \"amqp: own\", expected none: the deployment's own broker is used with its own user")
        }
        read.isPassive = isPassive
        read.exchange = source["exchange"]?.text("the name of an exchange") ?? preset?.exchange
        read.keys = source["keys"]?.list(of: "binding keys")?.compactMap { $0.text("a binding key, such as # or *.main") } ?? preset?.keys ?? ["#"]
        if !isPassive, read.exchange == nil {
            value.report("found a feed without \"exchange\", expected the name of the exchange that its queue is bound to, or \"declare: passive\"")
        }
        for (key, text) in [("exchange", read.exchange ?? "")] + read.keys.map({ ("keys", $0) }) where text.utf8.count > 255 {
            source.key(key)?.report("found a name of \(text.utf8.count) bytes, expected 255 at most, the limit of AMQP")
        }
        if let queue = source.required("queue", "the name of a queue: queue/USER/NAME on Pulse, a UUID on Fedora's broker")?.text("a queue's name") {
            read.queue = queue
            // Room for what is added to it.
            if queue.isEmpty || queue.utf8.count > 240 || queue.hasPrefix("amq.") {
                source["queue"]?.expected("a name of 1 to 240 bytes that does not begin with \"amq.\"")
            }
        }
        if let kind = source["queue_type"]?.choice(of: FeedConfiguration.QueueKind.allCases.map(\.rawValue)) {
            read.kind = FeedConfiguration.QueueKind(rawValue: kind) ?? read.kind
        }
        if let prefetch = source["prefetch"]?.integer(in: 1...1000) { read.prefetch = prefetch }
        read.deadLetters = isPassive ? .refuse : .queue("\(read.queue)/dead")
        if let dead = source["dead_letters"] {
            if case .scalar(let scalar) = dead.node, case .bool(false) = YAMLScalar(scalar) {
                read.deadLetters = .refuse
            } else if let queue = dead.text("the name of a queue, or false to let the broker's own rules decide") {
                read.deadLetters = .queue(queue)
            }
        }
        read.mappings = readMappings(source["map"], preset: preset, of: value)
        draft.feeds.append(.init(value: read, name: place))
    }

    private func readBroker(_ value: YAMLValue?) -> String? {
        guard let value, let text = value.text("the URL of a broker, or \"own\" for the deployment's"), text != "own" else { return nil }
        do {
            // Parameters may name files of the intake, which this machine need not have.
            let address = try AMQPAddress(String(text.prefix { $0 != "?" }))
            if case .password(_, let password) = address.login, text.contains("@"), !password.isEmpty {
                value.report("found a password in the URL, expected it in \"credential\": {file: /PATH} or {env: NAME} with USER:PASSWORD")
            }
        } catch {
            value.report(error.description.replacing("DOORBELL_AMQP_URL: ", with: "found a URL that cannot be used: "))
        }
        return text
    }

    /// How the messages of a source become changes.
    mutating func readMappings(_ value: YAMLValue?, preset: MappingPreset?, of feed: YAMLValue) -> [ChangeMapping] {
        var mappings = (try? preset?.mappings()) ?? []
        if let value {
            if value.isList {
                mappings = value.list(of: "mappings")?.compactMap { readMapping($0) } ?? []
            } else if let own = readMapping(value) {
                mappings = mappings.isEmpty ? [own] : mappings.map { $0.overridden(by: own) }
            }
        } else if preset == nil {
            feed.report("found a feed without \"map\", expected it, or a \"preset\": " + YAMLValue.oneOf(MappingPreset.allCases.map(\.rawValue)))
        }
        for mapping in mappings where mapping.each == nil {
            for way in mapping.allTexts where way.namesElement {
                (value ?? feed).report("found \(YAMLValue.quotable(way.text)), expected \"each\" as well: {.…} leads into an element of that list")
            }
        }
        let missing = Set(mappings.flatMap(\.missing))
        for field in ChangeMapping.Field.allCases where missing.contains(field) {
            (value ?? feed).report("found no \"\(field.rawValue)\" in the mapping, expected where a message says it, such as \"{/ref}\"")
        }
        return mappings
    }

    private mutating func readMapping(_ value: YAMLValue) -> ChangeMapping? {
        guard let source = value.mapping("mapping", keys: ConfigurationKeys.mapping) else { return nil }
        var read = ChangeMapping()
        for entry in source["only"]?.entries() ?? [] {
            guard let text = mapped(entry.name, at: entry.key) else { continue }
            let words = entry.value.isList ? entry.value.list(of: "patterns") ?? [] : [entry.value]
            read.only.append(.init(text: text, words: words.compactMap { $0.textOfAnyScalar("a pattern") }))
        }
        if let each = source["each"] { read.each = mapped(each) }
        for field in ChangeMapping.Field.allCases {
            guard let value = source[field.rawValue] else { continue }
            let ways = (value.isList ? value.list(of: "texts") ?? [] : [value]).compactMap { mapped($0) }
            if !ways.isEmpty { read.texts[field] = ways }
        }
        if let files = source["files"] { read.files = (files.isList ? files.list(of: "texts") ?? [] : [files]).compactMap { mapped($0) } }
        for entry in source["properties"]?.entries() ?? [] {
            guard NewChange.isPropertyName(entry.name) else {
                entry.key.expected("a letter followed by letters, digits, _, . or -, at most 100")
                continue
            }
            if let text = mapped(entry.value) { read.properties[entry.name] = text }
        }
        return read
    }

    private func mapped(_ value: YAMLValue) -> MappedText? {
        value.textOfAnyScalar("a text, such as \"{/ref}\"").flatMap { mapped($0, at: value) }
    }

    private func mapped(_ text: String, at value: YAMLValue) -> MappedText? {
        do {
            return try MappedText(text)
        } catch {
            value.report("found \(error.found)")
            return nil
        }
    }
}
