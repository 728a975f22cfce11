import Domain
import Foundation
import HTTPTypes
import Storage
import StoreConformance
import TestSupport
import Testing
import Wire

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct EventTests {
    /// The ids of the events in a stream, in its order.
    private func ids(_ text: String) -> [String] { text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) } }

    private func lastEvent(_ id: String) throws -> HTTPFields { [try #require(HTTPField.Name("Last-Event-ID")): id] }

    @Test("Every event can be read, as an envelope, and after any of them exactly those that follow it")
    func resume() async throws {
        try await WebRig.with { rig in
            for number in 0..<200 { try await rig.force(revision: "\(number)") }
            let records = try await rig.store.everyEvent()
            let all = String(buffer: try await rig.get("/api/v1/events?since=0&follow=0").body)
            let expected = records.map(\.cursor.description)
            #expect(ids(all) == expected)
            for place in [0, 1, 499, 500, 501, records.count - 2, records.count - 1] where records.indices.contains(place) {
                let rest = try await rig.get("/api/v1/events?follow=0", lastEvent(expected[place]))
                #expect(ids(String(buffer: rest.body)) == Array(expected[(place + 1)...]))
            }
            let line = try #require(all.split(separator: "\n").first { $0.hasPrefix("data: ") }?.dropFirst(6))
            let envelope = try JSONDecoder().decode(EventEnvelope.self, from: Data(line.utf8))
            #expect(envelope.event == .configApplied && envelope.id == records.first?.messageID && envelope.version == 1)
        }
    }

    @Test("The header of a browser that comes back is stronger than the address that it came by")
    func headerWins() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            let last = try #require(try await rig.store.everyEvent().last?.cursor.description)
            let response = try await rig.get("/api/v1/events?since=0&follow=0", lastEvent(last))
            #expect(ids(String(buffer: response.body)).isEmpty)
        }
    }

    @Test("Who follows gets what was there and what comes, each once, in order")
    func follow() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            try await rig.following("/api/v1/events?since=0") { text in
                await text.wait { $0.contains(": here") }
                for number in 0..<30 { try await rig.force(revision: "\(number)") }
                let expected = try await rig.store.everyEvent().map(\.cursor.description)
                await text.wait { $0.contains("id: \(expected[expected.count - 1])\n") }
                #expect(ids(text.value) == expected)
            }
        }
    }

    @Test("Without a cursor the stream begins now, and a key lets through what it names")
    func keys() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            try await rig.following("/api/v1/events?key=request.*.demo.topic.%23&key=config.%23") { text in
                await text.wait { $0.contains(": here") }
                try await rig.force(branch: "main")
                try await rig.force(branch: "topic")
                await text.wait { $0.contains("event: request.created") }
                #expect(ids(text.value).count == 1)
                #expect(text.value.contains(#""branch":"topic""#) && !text.value.contains("config.applied"))
            }
        }
    }

    @Test("A cursor of another epoch, or of what this deployment has not come to, is gone; what is none is refused")
    func expired() async throws {
        try await WebRig.with { rig in
            var cursor = try await rig.store.latestCursor()
            let present = cursor.description
            cursor.epoch += 1
            let otherEpoch = cursor.description
            cursor.epoch -= 1
            cursor.sequence += 1000
            cursor.tick += 1000
            let future = cursor.description
            for (id, status) in [(present, 200), (otherEpoch, 410), (future, 410), ("7", 400), ("1-0-0--1", 400), ("a-b-c-d", 400), ("", 400)] {
                let response = try await rig.get("/api/v1/events?follow=0", lastEvent(id))
                #expect(response.status.code == status, "\(id)")
                if status != 200 { #expect(try WebRig.problem(response).status == status) }
            }
        }
    }

    @Test("Twenty patterns are taken, one more is not")
    func manyPatterns() async throws {
        try await WebRig.with { rig in
            for (count, status) in [(20, 200), (21, 400)] {
                let keys = Array(repeating: "&key=a.%23", count: count).joined()
                let response = try await rig.get("/api/v1/events?follow=0" + keys)
                #expect(response.status.code == status)
            }
        }
    }
}
