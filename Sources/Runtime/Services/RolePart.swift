import HTTPDoor
import ServiceLifecycle
import Signals
import Storage

/// What one service brings to the process that it runs in.
struct RolePart: Sendable {
    /// Run, swept, and shown in health and metrics.
    var loops: [Loop] = []
    /// Run besides the loops.
    var services: [any Service] = []
    var checks: [HealthCheck] = []
    var metrics: [MetricSource] = []
    /// A dispatcher's own way to say that this process lives.
    var beat: (@Sendable () async throws -> BeatAnswer?)?
    /// Called when tokens may have ended.
    var onAccess: @Sendable () -> Void = {}
    var addRoutes: @Sendable (DoorRouter) -> Void = { _ in }
}
