import Domain

extension ConfigurationReader {
    static let limits = 1...1_000_000

    mutating func readLock(_ value: YAMLValue) {
        guard let lock = value.mapping("lock", keys: ConfigurationKeys.lock) else { return }
        let (name, place) = readName(of: lock)
        draft.locks.append(.init(value: Lock(name: name, count: lock["count"]?.integer(in: Lock.counts) ?? 1), name: place))
    }

    /// The locks that a builder names, each once.
    mutating func readLockUses(_ value: YAMLValue?) -> [LockUse] {
        guard let elements = value?.list(of: "locks") else { return [] }
        var uses: [LockUse] = []
        for element in elements {
            guard let (use, place) = readLockUse(element) else { continue }
            if uses.contains(where: { $0.name == use.name }) {
                place.report("found \"\(YAMLValue.quotable(use.name))\" a second time, expected each lock once")
            } else {
                uses.append(use)
                draft.lockReferences.append((use.name, place))
            }
        }
        return uses
    }

    /// A lock's name, or `{name: NAME, mode: counting}`.
    private func readLockUse(_ value: YAMLValue) -> (use: LockUse, place: YAMLValue)? {
        guard case .mapping = value.node else {
            return value.text("the name of a lock, or {name: NAME, mode: counting}").map { (LockUse($0), value) }
        }
        guard let mapping = value.mapping("lock", keys: ConfigurationKeys.lockUse),
            let place = mapping.required("name", "the name of a lock"), let name = place.text("the name of a lock")
        else { return nil }
        let mode = mapping["mode"]?.choice(of: LockUse.Mode.allCases.map(\.rawValue)).flatMap(LockUse.Mode.init)
        return (LockUse(name, mode ?? .exclusive), place)
    }
}
