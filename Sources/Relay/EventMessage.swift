import Domain
import Signals
import Storage
import Wire

/// An event as a message for a broker: the envelope, and the headers of CloudEvents 1.0 in binary mode (DESIGN §6).
struct EventMessage {
    /// A reference to the deployment, which is where events come from.
    private let source: String

    init(deployment: String) {
        source = "urn:uuid:\(deployment)"
    }

    func message(_ record: EventRecord) -> OutgoingEvent {
        let body = EventEnvelope.json(
            event: record.kind, id: record.messageID, sequence: record.cursor.sequence, time: record.occurred,
            entity: .init(kind: record.entity, id: record.entityID, version: record.entityVersion), epoch: record.cursor.epoch, chain: record.chain,
            data: record.data)
        let type = "\(record.kind.rawValue).v1"
        let chain = Self.chainID(of: record)
        var headers: [OutgoingEvent.Header] = [
            .init("cloudEvents_specversion", "1.0"),
            .init("cloudEvents_id", record.messageID),
            .init("cloudEvents_source", source),
            .init("cloudEvents_type", type),
            .init("cloudEvents_subject", "\(record.entity.rawValue)/\(record.entityID)"),
            .init("cloudEvents_time", record.occurred.description),
            .init("cloudEvents_dataschema", EventEntry.schemaID(of: record.kind)),
            // The sequence extension of CloudEvents is a text, ordered as such: as many digits as the largest number has.
            .init("cloudEvents_sequence", Self.padded(record.cursor.sequence)),
            .init("cloudEvents_entityversion", record.entityVersion),
        ]
        if let chain, let trace = Self.traceParent(chain: chain, message: record.messageID) { headers.append(.init("traceparent", trace)) }
        return OutgoingEvent(
            routingKey: record.routingKey, messageID: record.messageID, type: type,
            timestamp: UInt64(max(0, record.occurred.microseconds / 1_000_000)), correlationID: chain, headers: headers, body: body)
    }

    /// The chain's id, out of the text that this program wrote: `"id":"…"` is the only field of that name.
    private static func chainID(of record: EventRecord) -> String? {
        guard let start = record.chain.utf8.firstRange(of: #""id":""#.utf8)?.upperBound else { return nil }
        let id = record.chain.utf8[start...].prefix { $0 != UInt8(ascii: "\"") }
        return id.count == 36 ? String(Substring(id)) : nil
    }

    private static func padded(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits
    }

    /// W3C Trace Context: the chain is the trace, and the first half of the message id the span, so that a repeat is the same span.
    private static func traceParent(chain: String, message: String) -> String? {
        let trace = chain.filter { $0 != "-" }
        let span = message.filter { $0 != "-" }.prefix(16)
        return trace.utf8.count == 32 && span.utf8.count == 16 ? "00-\(trace)-\(span)-01" : nil
    }
}
