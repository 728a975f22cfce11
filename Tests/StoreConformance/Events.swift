import Domain
import Foundation
import Storage
import Testing

extension OutboxStore {
    /// Every event so far, oldest first.
    public func everyEvent() async throws -> [EventRecord] {
        var cursor = try await oldestCursor()
        var all: [EventRecord] = []
        while true {
            let page = try await events(after: cursor, limit: 100)
            guard let last = page.last else { return all }
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
