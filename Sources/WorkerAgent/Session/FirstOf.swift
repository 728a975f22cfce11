/// Waits for whichever of several things comes first, and cancels the others.
enum FirstOf {
    /// The index of the wait that ended first.
    static func wait(_ waits: (@Sendable () async -> Void)...) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for (index, wait) in waits.enumerated() {
                group.addTask {
                    await wait()
                    return index
                }
            }
            defer { group.cancelAll() }
            return await group.next() ?? 0
        }
    }

    /// What `work` gives, or nil when `stop` ends first.
    static func result<Value: Sendable>(
        of work: @escaping @Sendable () async throws -> Value, unless stop: @escaping @Sendable () async -> Void
    ) async throws -> Value? {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                await stop()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
