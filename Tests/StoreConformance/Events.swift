import Domain
import Foundation
import Storage
import TestSupport
import Testing
import Wire

extension OutboxStore {
    /// Every event so far, oldest first. Each must be as its schema says, without a field that the schema does not name.
    ///
    /// - Parameter isInvented: The test put events of its own making into the outbox, which need not be as a schema says.
    public func everyEvent(isInvented: Bool = false) async throws -> [EventRecord] {
        var cursor = try await oldestCursor()
        var all: [EventRecord] = []
        while true {
            let page = try await events(after: cursor, limit: 100)
            guard let last = page.last else { return all }
            if !isInvented { for event in page { try expectSchema(event) } }
            cursor = last.cursor
            all += page
        }
    }

    /// The events of one kind.
    public func events(_ kind: EventKind) async throws -> [EventRecord] {
        try await everyEvent().filter { $0.kind == kind }
    }
}

extension EventRecord {
    public func fact<T: Decodable>(_ type: T.Type) throws -> T {
        try JSONDecoder().decode(type, from: Data(data.utf8))
    }

    public func chains() throws -> EventChain {
        try JSONDecoder().decode(EventChain.self, from: Data(chain.utf8))
    }
}

/// The strict form of each event's schema.
private let schemas = Result {
    try Dictionary(uniqueKeysWithValues: EventEntry.all.map { ($0.kind, try SchemaValidator($0.schema, isStrict: true)) })
}

/// Expects that an event is what its schema promises, and that nothing is in it that nobody is told of.
public func expectSchema(_ event: EventRecord) throws {
    let text = EventEnvelope.json(
        event: event.kind, id: event.messageID, sequence: event.cursor.sequence, time: event.occurred,
        entity: .init(kind: event.entity, id: event.entityID, version: event.entityVersion), epoch: event.cursor.epoch, chain: event.chain,
        data: event.data)
    let schema = try #require(try schemas.get()[event.kind])
    let holds = try schema.accepts(JSONDecoder().decode(JSONValue.self, from: Data(text)))
    let words = String(decoding: text, as: UTF8.self)
    #expect(holds, "not as schemas/events/v1/\(event.kind.rawValue).json says: \(words)")
    if let cause = try event.fact([String: JSONValue].self)["cause"] {
        #expect(Cause.allCases.map { JSONValue.string($0.rawValue) }.contains(cause))
    }
}

/// Expects that the versions of each entity's events are 1, 2, 3, … in the order of the outbox.
public func expectContiguousVersions(_ events: [EventRecord]) {
    var last: [String: Int64] = [:]
    for event in events {
        let entity = "\(event.entity.rawValue) \(event.entityID)"
        let version = (last[entity] ?? 0) + 1
        #expect(event.entityVersion == version, "\(event.kind.rawValue) of \(entity)")
        last[entity] = event.entityVersion
    }
}
