import Domain
import Synchronization

/// The contexts of buildsets that committed transactions have seen. Buildsets never change in what it holds, so nothing in it can be stale.
package final class BuildsetContextCache: Sendable {
    package static let capacity = 4096
    private let entries = Mutex<[BuildsetID: BuildsetContext]>([:])

    package init() {}

    package func value(_ id: BuildsetID) -> BuildsetContext? { entries.withLock { $0[id] } }

    package func insert(_ new: [BuildsetID: BuildsetContext]) {
        entries.withLock {
            // Work moves on to newer buildsets; starting over costs one query for each that is still open.
            if $0.count + new.count > Self.capacity { $0.removeAll(keepingCapacity: true) }
            $0.merge(new) { _, new in new }
        }
    }
}
