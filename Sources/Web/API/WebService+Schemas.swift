import Domain
import Foundation
import HTTPDoor
import Hummingbird
import Schemas
import Wire

extension WebService {
    /// What programs may rely on, as documents for programs. They are open to all and change only with the program.
    func addSchemaRoutes(to router: DoorRouter) {
        for entry in EventEntry.all {
            router.get("/schemas/events/v1/\(entry.kind.rawValue).json") { request, _ in
                try Reading(request, of: nil).answer(entry.schema)
            }
        }
        router.get("/schemas/asyncapi.json") { request, _ in
            try Reading(request, of: nil).answer(EventAsyncAPI.document)
        }
        router.get("/schemas/openapi.json") { request, _ in
            try Reading(request, of: nil).answer(OpenAPI.document)
        }
        router.get("/schemas/config/v1.json") { request, _ in
            try Reading(request, of: nil).answer(bytes: Data(Schemas.configuration))
        }
        router.get("/references/v1/events.json") { request, _ in
            try Reading(request, of: nil).answer(EventReference.document)
        }
    }
}
