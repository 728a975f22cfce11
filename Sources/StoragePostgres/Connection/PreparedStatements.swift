/// Which statements one session has prepared, under which names; the one that was not used for longest makes room.
struct PreparedStatements {
    /// What is to be done before a statement can run.
    enum Preparation: Equatable {
        case known(name: String)
        /// Prepare it under this name, and give up the other.
        case new(name: String, givingUp: String?)
    }

    let capacity: Int
    private var known: [String: (name: String, used: UInt64)] = [:]
    private var uses: UInt64 = 0
    private var names: UInt64 = 0

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { known.count }

    mutating func use(_ sql: String) -> Preparation {
        uses += 1
        if let name = known[sql]?.name {
            known[sql]?.used = uses
            return .known(name: name)
        }
        var givenUp: String?
        if known.count >= capacity, let oldest = known.min(by: { $0.value.used < $1.value.used }) {
            known[oldest.key] = nil
            givenUp = oldest.value.name
        }
        // A name is used once: one whose preparing failed half-way is in nobody's way.
        names += 1
        let name = "s\(names)"
        known[sql] = (name, uses)
        return .new(name: name, givingUp: givenUp)
    }

    /// It could not be prepared.
    mutating func forget(_ sql: String) { known[sql] = nil }
}
