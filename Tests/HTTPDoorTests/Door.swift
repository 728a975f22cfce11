import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Storage
import Testing
import Wire

@testable import HTTPDoor

/// A door with routes that show each of its rules.
enum Door {
    struct Note: Codable, Hashable, StrictDocument {
        struct Part: Codable, Hashable { var size: Int }
        var title: String
        var count: Int?
        var when: Timestamp?
        var parts: [Part]?

        static let fieldNames: Set = ["title", "count", "when", "parts"]
    }

    struct Secret: Error { var path = "/srv/private/doorbell.sqlite" }

    static func with(names: Set<String> = [], _ test: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let router = DoorRouter.door(names: names)
        router.post("notes") { request, _ in
            let body = try await request.json(Note.self, limit: 2000)
            return try Response.json(body.document, status: .created)
        }
        router.get("notes/{id}") { request, context -> Response in
            let parameters = try QueryParameters(request, known: ["limit", "phase", "build", "follow"])
            let id: BuildID = try context.id("id")
            let build: BuildID? = try parameters.id("build")
            let phase: BuildPhase? = try parameters.word("phase")
            return try Response.json([
                "id": "\(id)", "limit": "\(try parameters.limit())", "build": "\(build?.rawValue ?? 0)", "phase": phase?.rawValue ?? "",
                "follow": "\(try parameters.flag("follow"))",
            ])
        }
        router.put("keys") { request, _ -> Response in
            let key = try request.idempotencyKey(principal: "me", route: "PUT /keys", bodyHash: "hash")
            return try Response.json(["key": key?.key ?? "none"])
        }
        router.get("errors/{kind}") { _, context -> Response in
            switch try context.text("kind") {
            case "unavailable": throw StoreError.unavailable("database at /srv/private is locked")
            case "conflict": throw StoreError.conflict("it is finished")
            case "missing": throw StoreError.notFound("no build 7")
            case "newer": throw StoreError.newerSchema(found: 9, known: 1)
            default: throw Secret()
            }
        }
        let application = Application(router: router)
        try await application.test(.router, test)
    }

    static func problem(_ response: TestResponse) throws -> Problem {
        #expect(response.headers[.contentType] == Problem.contentType)
        return try JSONDecoder().decode(Problem.self, from: Data(buffer: response.body))
    }

    static let json: HTTPFields = [.contentType: "application/json"]
}
