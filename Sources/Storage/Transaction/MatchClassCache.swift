import Domain
import Synchronization

/// All match classes, in memory. They are only ever added; their numbers may become visible out of order where several processes write, so each look asks for
/// all that are not known.
package final class MatchClassCache: Sendable {
    private let known = Mutex<[Int64: MatchClass]>([:])

    package init() {}

    package var all: [Int64: MatchClass] { known.withLock { $0 } }

    /// The number of the class (builder, labels), if it is known.
    package func id(builder: String, labels: Labels) -> Int64? {
        known.withLock { known in known.values.first { $0.builder == builder && $0.labels == labels }?.id }
    }

    package func add(_ classes: [MatchClass]) {
        known.withLock { known in
            for one in classes { known[one.id] = one }
        }
    }
}
