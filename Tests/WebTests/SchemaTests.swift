import Domain
import Foundation
import Schemas
import Testing
import Wire

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct SchemaTests {
    private func document(_ rig: WebRig, _ path: String) async throws -> JSONValue {
        let response = try await rig.get(path)
        #expect(response.status == .ok, "\(path)")
        #expect(response.headers[.contentType]?.hasPrefix("application/json") == true)
        return try JSONDecoder().decode(JSONValue.self, from: Data(buffer: response.body))
    }

    @Test("Every event's schema is served where its name says")
    func schemas() async throws {
        try await WebRig.with { rig in
            for entry in EventEntry.all {
                let path = entry.schemaID.dropFirst("https://doorbell.example".count)
                let served = try await document(rig, String(path))
                #expect(served == entry.schema)
            }
            let unknown = try await rig.get("/schemas/events/v1/build.exploded.json")
            let typo = try await rig.get("/schemas/events/v1/build.finished.json?strict=1")
            #expect(unknown.status == .notFound && typo.status == .badRequest)
        }
    }

    @Test("The documents of all events, and the configuration's schema, are served")
    func documents() async throws {
        try await WebRig.with { rig in
            let asyncAPI = try await document(rig, "/schemas/asyncapi.json")
            let reference = try await document(rig, "/references/v1/events.json")
            let configuration = try await document(rig, "/schemas/config/v1.json")
            #expect(asyncAPI == EventAsyncAPI.document && reference == EventReference.document)
            #expect(try configuration == JSONDecoder().decode(JSONValue.self, from: Data(Schemas.configuration)))
        }
    }
}
