import HTTPDoor
import ServiceLifecycle

/// Has those who follow logs look again each second, where nothing tells this process that a log has grown. Does nothing while nobody follows.
struct LogFollowTimer: Service {
    let logs: LogBell

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .seconds(1))) != nil { logs.ringFollowers() }
        }
    }
}
