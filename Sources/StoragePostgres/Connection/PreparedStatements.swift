/// Which statements one session has prepared, under which names; the one that was not used for longest makes room.
///
/// The server plans a statement once (`PostgresAddress.planning`), for tables as they are then. Those of a new deployment are empty, so a statement is
/// prepared anew after 8 uses, after 64, and so on: no plan is followed for long that was made for a tenth of the rows.
struct PreparedStatements {
    /// What is to be done before a statement can run.
    enum Preparation: Equatable {
        case known(name: String)
        /// Prepare it under this name, and give up the other.
        case new(name: String, givingUp: String?)
    }

    private struct Entry {
        var name: String
        /// When it was used last, as a number of uses of all.
        var used: UInt64
        /// How often it has been used, and after how many uses it is prepared anew.
        var count: UInt64 = 1
        var renewed: UInt64 = PreparedStatements.growth
    }

    private static let growth: UInt64 = 8

    let capacity: Int
    private var known: [String: Entry] = [:]
    private var uses: UInt64 = 0
    private var names: UInt64 = 0

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { known.count }

    mutating func use(_ sql: String) -> Preparation {
        uses += 1
        if var entry = known[sql] {
            entry.used = uses
            let isOld = entry.count == entry.renewed && Self.isPlanned(sql)
            let former = entry.name
            if isOld {
                entry.renewed *= Self.growth
                entry.name = nextName()
            }
            entry.count += 1
            known[sql] = entry
            return isOld ? .new(name: entry.name, givingUp: former) : .known(name: former)
        }
        var givenUp: String?
        if known.count >= capacity, let oldest = known.min(by: { $0.value.used < $1.value.used }) {
            known[oldest.key] = nil
            givenUp = oldest.value.name
        }
        let name = nextName()
        known[sql] = Entry(name: name, used: uses)
        return .new(name: name, givingUp: givenUp)
    }

    /// What begins or ends a transaction has no plan, and nothing may stand before it.
    private static func isPlanned(_ sql: String) -> Bool {
        ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"].contains { sql.hasPrefix($0) }
    }

    /// A name is used once: one whose preparing failed half-way is in nobody's way.
    private mutating func nextName() -> String {
        names += 1
        return "s\(names)"
    }

    /// It could not be prepared.
    mutating func forget(_ sql: String) { known[sql] = nil }
}
