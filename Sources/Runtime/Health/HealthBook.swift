/// Everything that can be wrong with a process, asked together.
struct HealthBook: Sendable {
    var checks: [HealthCheck]

    /// The worst of all states, and every reason.
    func read() async -> (state: Health.State, reasons: [String]) {
        await withTaskGroup(of: (Int, Health).self) { group in
            for (place, check) in checks.enumerated() { group.addTask { (place, await check()) } }
            var found: [(Int, Health)] = []
            for await answer in group { found.append(answer) }
            let sorted = found.sorted { $0.0 < $1.0 }.map(\.1)
            return (sorted.map(\.state).max() ?? .ready, sorted.compactMap(\.reason))
        }
    }
}
