import Domain
import Foundation
import HTTPDoor
import Hummingbird
import NIOCore
import Storage
import Wire

/// Writes events to one subscriber, as server-sent events (WHATWG HTML, section 9.2).
struct EventStreamWriter {
    private var writer: any ResponseBodyWriter
    private let filter: EventFilter
    /// Behind the last event that was considered.
    private(set) var cursor: EventCursor
    private var written = 0

    init(writer: any ResponseBodyWriter, filter: EventFilter, cursor: EventCursor) {
        self.writer = writer
        self.filter = filter
        self.cursor = cursor
    }

    mutating func write(_ records: [EventRecord]) async throws {
        var buffer = ByteBuffer()
        for record in records where record.cursor > cursor && !isFull {
            cursor = record.cursor
            guard filter.wants(record) else { continue }
            written += 1
            buffer.writeString("id: \(record.cursor)\nevent: \(record.kind.rawValue)\ndata: ")
            buffer.writeBytes(EventDocument.json(record))
            buffer.writeString("\n\n")
        }
        if buffer.readableBytes > 0 { try await writer.write(buffer) }
    }

    /// As many as were asked for are written.
    var isFull: Bool { written >= filter.limit }

    mutating func comment(_ text: String) async throws {
        try await writer.write(ByteBuffer(string: ": \(text)\n\n"))
    }

    mutating func finish() async throws {
        try await writer.finish(nil)
    }
}

/// The envelope of a record.
enum EventDocument {
    static func json(_ record: EventRecord) -> [UInt8] {
        EventEnvelope.json(
            event: record.kind, id: record.messageID, sequence: record.cursor.sequence, time: record.occurred,
            entity: .init(kind: record.entity, id: record.entityID, version: record.entityVersion), epoch: record.cursor.epoch,
            chain: record.chain, data: record.data)
    }
}
