import Domain
import HTTPDoor
import Hummingbird
import Wire

extension EmptyBody: StrictDocument {}

extension SourcePoller {
    /// `POST /api/v1/sources/NAME/poll`: whoever knows that something was pushed need not wait for the beat.
    public func addRoutes(to router: DoorRouter) {
        router.post("/api/v1/sources/{name}/poll") { request, context in
            let name = try context.text("name")
            _ = try await request.json(EmptyBody.self)
            guard self.pollNow(name) else { throw Problem.notFound("the configuration has no source of that name that is polled") }
            return try Response.json(PollAnswer(source: name), status: .accepted)
        }
    }
}
