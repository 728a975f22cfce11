import Domain
import Foundation
import Signals
import Storage
import Testing
import Wire

@testable import Relay

/// The message that a broker gets (DESIGN §6).
@Suite struct EventMessageTests {
    private let message = EventMessage(deployment: "11111111-2222-4333-8444-555555555555").message(Machines.event(3))

    @Test("Properties say what the event is, and by which id a repeat is known")
    func properties() {
        #expect(message.exchange == .events)
        #expect(message.routingKey == "build.finished.demo.main.test.w1.success.17")
        #expect(message.messageID == "2f1c8c52-7a61-4f52-9a37-000000000003")
        #expect(message.type == "build.finished.v1")
        #expect(message.timestamp == 1_700_000_000)
        #expect(message.correlationID == "0c9f7f0e-2f0a-8a3b-9c1d-3e5f7a9b1c2d")
    }

    @Test("Headers are those of CloudEvents in binary mode")
    func headers() {
        #expect(
            message.headers == [
                .init("cloudEvents_specversion", "1.0"),
                .init("cloudEvents_id", "2f1c8c52-7a61-4f52-9a37-000000000003"),
                .init("cloudEvents_source", "urn:uuid:11111111-2222-4333-8444-555555555555"),
                .init("cloudEvents_type", "build.finished.v1"),
                .init("cloudEvents_subject", "build/17"),
                .init("cloudEvents_time", "2023-11-14T22:13:20.123456Z"),
                .init("cloudEvents_dataschema", "https://doorbell.example/schemas/events/v1/build.finished.json"),
                .init("cloudEvents_sequence", "0000000000000000003"),
                .init("cloudEvents_entityversion", 3),
                .init("traceparent", "00-0c9f7f0e2f0a8a3b9c1d3e5f7a9b1c2d-2f1c8c527a614f52-01"),
            ])
    }

    @Test("The body is the envelope")
    func body() throws {
        let envelope = try JSONDecoder().decode(EventEnvelope.self, from: Data(message.body))
        #expect(envelope.event == .buildFinished)
        #expect(envelope.entity == .init(kind: .build, id: 17, version: 3))
        #expect(envelope.data == .object(["builder": .string("test")]))
    }

    @Test("A chain without an id that can be one is left out", arguments: ["{}", #"{"id":"x"}"#, ""])
    func noChain(chain: String) {
        let message = EventMessage(deployment: "d").message(Machines.event(1, chain: chain))
        #expect(message.correlationID == nil)
        #expect(!message.headers.contains { $0.name == "traceparent" })
    }
}
