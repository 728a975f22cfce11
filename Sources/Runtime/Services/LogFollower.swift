import HTTPDoor
import ServiceLifecycle
import Signals

/// Wakes those who follow logs here for bytes that dispatchers elsewhere receive: at the notices of a broker, and each second while nothing carries those.
/// Does nothing while nobody follows.
struct LogFollower: Service {
    let logs: LogBell
    let bell: OpenedBell

    /// A notice is a hint, and hints may be lost.
    private static let secondsUnasked = 10

    func run() async throws {
        let heard = bell.notices?.listen { [logs] in logs.heard($0) }
        defer { heard?.cancel() }
        await cancelWhenGracefulShutdown {
            var seconds = 0
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                seconds += 1
                let isCarried = bell.notices != nil && bell.bell.health == .healthy
                if !isCarried || seconds.isMultiple(of: Self.secondsUnasked) { logs.ringFollowers() }
            }
        }
    }
}
