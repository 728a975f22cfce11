extension PostgresStore {
    /// Hears what outsiders say with NOTIFY, until the task is cancelled. What is said while the connection is lost is not heard: `missed` tells that it is
    /// back, and something may have been said. Returns at once behind a pooler (`prepared=off`), where nobody can listen.
    ///
    /// - Parameter channels: names of small letters, digits and underscores.
    public func listen(
        on channels: [String], missed: @escaping @Sendable () -> Void, heard: @escaping @Sendable (_ channel: String, _ payload: String) -> Void
    ) async {
        await PostgresListener(pool.address, channels: channels, connected: missed, heard: heard)?.run()
    }
}
