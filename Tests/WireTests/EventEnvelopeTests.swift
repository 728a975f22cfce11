import Domain
import Foundation
import Testing
import Wire

/// The envelope is put together as text, because every event passes here; its own encoding says what that text must mean.
@Suite struct EventEnvelopeTests {
    @Test("The text of an envelope is what its own encoding says", arguments: EventKind.allCases, EntityKind.allCases)
    func text(kind: EventKind, entity: EntityKind) throws {
        let chain = EventChain(
            id: ChainID.random(), parents: [ChainID("\"\u{1}é")], changes: [ChangeID(1)], buildset: BuildsetID(.max), request: nil)
        let data = JSONValue.object(["text": .string("\"\\\n\u{7}é"), "list": .array([1, .null, true])])
        let expected = EventEnvelope(
            event: kind, id: "2f1c8c52-7a61-4f52-9a37-0123456789ab", sequence: .max, time: Timestamp(microseconds: 1),
            entity: .init(kind: entity, id: 7, version: 9),
            epoch: 3, chain: chain, data: data, links: .init(to: .init(kind: entity, id: 7, version: 9)))
        let encoder = JSONEncoder()
        let text = EventEnvelope.json(
            event: kind, id: expected.id, sequence: expected.sequence, time: expected.time, entity: expected.entity, epoch: expected.epoch,
            chain: String(decoding: try encoder.encode(chain), as: UTF8.self), data: String(decoding: try encoder.encode(data), as: UTF8.self))
        #expect(try JSONDecoder().decode(EventEnvelope.self, from: Data(text)) == expected)
        let keys = try JSONDecoder().decode([String: JSONValue].self, from: Data(text)).keys
        #expect(try Set(keys) == Set(JSONDecoder().decode([String: JSONValue].self, from: encoder.encode(expected)).keys))
    }
}
