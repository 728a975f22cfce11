import Domain
import GRDB
import Synchronization

/// All match classes, in memory. They are only ever added, so what is missing here has a number beyond the last one known.
final class MatchClassCache: Sendable {
    private let known = Mutex<[Int64: MatchClass]>([:])

    /// The classes that exist by now. A transaction that itself made a class must not ask: it could still fail.
    func all(_ db: Database) throws -> [Int64: MatchClass] {
        let last = known.withLock { $0.keys.max() ?? 0 }
        let statement = try db.cachedStatement(sql: "SELECT id, builder, labels FROM match_classes WHERE id > ?")
        let new = try Row.fetchAll(statement, arguments: [last]).map {
            MatchClass(id: $0[0], builder: $0[1], labels: try JSONText.decode(Labels.self, $0[2]))
        }
        return known.withLock { known in
            for one in new { known[one.id] = one }
            return known
        }
    }
}
