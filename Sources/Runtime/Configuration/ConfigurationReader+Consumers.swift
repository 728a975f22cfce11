import Domain

extension ConfigurationReader {
    mutating func readConsumer(_ value: YAMLValue) {
        guard let consumer = value.mapping("consumer", keys: ConfigurationKeys.consumer) else { return }
        let (name, place) = readName(of: consumer)
        var read = EventConsumer(name: name, queue: "")
        if let queue = consumer.required("queue", "the name of its queue") { read.queue = readQueueName(queue) ?? "" }
        if let keys = consumer["keys"] { read.keys = (keys.list(of: "keys") ?? []).compactMap(readTopicPattern) }
        if let deadLetters = consumer["dead_letters"] { read.deadLetters = readQueueName(deadLetters) }
        draft.consumers.append(.init(value: read, name: place))
    }

    private func readQueueName(_ value: YAMLValue) -> String? {
        guard let name = value.text("the name of a queue") else { return nil }
        guard !name.isEmpty, name.utf8.count <= EventConsumer.longestQueue,
            !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            value.expected("the name of a queue: 1 to \(EventConsumer.longestQueue) bytes without control characters")
            return nil
        }
        return name
    }

    func readTopicPattern(_ value: YAMLValue) -> String? {
        guard let pattern = value.text("a pattern of routing keys") else { return nil }
        guard TopicPattern(pattern) != nil else {
            value.expected("a pattern of routing keys, such as build.finished.#: 1 to \(TopicPattern.longest) bytes")
            return nil
        }
        return pattern
    }
}
