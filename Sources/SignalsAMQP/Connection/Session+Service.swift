import ServiceLifecycle

extension Session {
    /// Runs sessions until the service is stopped or cancelled, or one of them cannot begin: then all end, and its error is thrown.
    static func run(_ sessions: [Session]) async throws {
        for session in sessions { session.start() }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for session in sessions {
                    group.addTask {
                        do {
                            try await session.ended()
                        } catch {
                            for session in sessions { session.stop() }
                            throw error
                        }
                    }
                }
                try await group.waitForAll()
            }
        } onCancelOrGracefulShutdown: {
            for session in sessions { session.stop() }
        }
    }
}
