import Signals

extension OutgoingEvent {
    /// A larger body is no event. RabbitMQ takes 16 MiB in its strictest version.
    static let largestBody = 8 << 20
    /// All headers have to fit in one frame.
    static let largestHeaders = 64 << 10

    /// Why no broker could take this event, however often it is tried; nil when it can be sent.
    var trouble: String? {
        for (name, text) in [
            ("routing key", routingKey), ("message id", messageID), ("type", type), ("correlation id", correlationID ?? ""), ("queue", queue ?? ""),
        ]
        where text.utf8.count > 255 {
            return "its \(name) is longer than 255 bytes"
        }
        guard body.count <= Self.largestBody else { return "its body is longer than \(Self.largestBody) bytes" }
        guard headers.allSatisfy({ $0.name.utf8.count <= 128 }) else { return "the name of a header is longer than 128 bytes" }
        let size = headers.reduce(0) { sum, header in
            if case .text(let text) = header.value { return sum + header.name.utf8.count + text.utf8.count + 6 }
            return sum + header.name.utf8.count + 10
        }
        return size <= Self.largestHeaders ? nil : "its headers are longer than \(Self.largestHeaders) bytes"
    }
}
