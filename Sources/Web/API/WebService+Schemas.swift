import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Schemas
import Synchronization
import Wire

extension WebService {
    /// What programs may rely on, as documents for programs. They are open to all and change only with the program.
    func addSchemaRoutes(to router: DoorRouter) {
        for entry in EventEntry.all { add("/schemas/events/v1/\(entry.kind.rawValue).json", to: router) { entry.schema } }
        add("/schemas/asyncapi.json", to: router) { EventAsyncAPI.document }
        add("/schemas/openapi.json", to: router) { OpenAPI.document }
        add("/references/v1/events.json", to: router) { EventReference.document }
        router.get("/schemas/config/v1.json") { request, _ in
            try Reading(request, of: nil).answer(bytes: Data(Schemas.configuration))
        }
    }

    /// A document that is put together when it is asked for the first time, and kept: anybody may ask for it, as often as they like.
    private func add(_ path: RouterPath, to router: DoorRouter, _ document: @escaping @Sendable () -> JSONValue) {
        let kept = KeptDocument(document)
        router.get(path) { request, _ in try Reading(request, of: nil).answer(bytes: try kept.bytes) }
    }
}

/// A document as JSON, encoded once.
private final class KeptDocument: Sendable {
    private let document: @Sendable () -> JSONValue
    private let encoded = Mutex<Data?>(nil)

    init(_ document: @escaping @Sendable () -> JSONValue) {
        self.document = document
    }

    var bytes: Data {
        get throws {
            try encoded.withLock { encoded in
                if let encoded { return encoded }
                let new = try DoorJSON.orderedEncoder.encode(document())
                encoded = new
                return new
            }
        }
    }
}
