import Domain
import Foundation
import Hummingbird
import Wire

extension DoorContext {
    /// The id in the route's path under `name`; 404 when it is none, since nothing can have it.
    public func id<Entity>(_ name: String) throws -> EntityID<Entity> {
        guard let text = parameters.get(name), let id = EntityID<Entity>(text) else {
            throw Problem.notFound("\(name): expected the number of one, such as 17")
        }
        return id
    }

    /// The text in the route's path under `name`, percent-decoded.
    public func text(_ name: String) throws -> String {
        guard let text = parameters.get(name)?.removingPercentEncoding, !text.isEmpty else { throw Problem.notFound("\(name): expected a name") }
        return text
    }
}
