import Domain
import HTTPDoor
import Hummingbird
import Schemas
import Wire

extension WebService {
    /// What programs may rely on, as documents for programs. They are open to all and change only with the program.
    func addSchemaRoutes(to router: DoorRouter) {
        for entry in EventEntry.all {
            router.get("/schemas/events/v1/\(entry.kind.rawValue).json") { request, _ in
                _ = try QueryParameters(request, known: [])
                return try Response.json(entry.schema)
            }
        }
        router.get("/schemas/asyncapi.json") { request, _ in
            _ = try QueryParameters(request, known: [])
            return try Response.json(EventAsyncAPI.document)
        }
        router.get("/schemas/config/v1.json") { request, _ in
            _ = try QueryParameters(request, known: [])
            return Response(
                status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: Schemas.configuration)))
        }
        router.get("/references/v1/events.json") { request, _ in
            _ = try QueryParameters(request, known: [])
            return try Response.json(EventReference.document)
        }
    }
}
