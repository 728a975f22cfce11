import HTTPDoor
import ServiceLifecycle
import Signals

/// What one service brings to the process that it runs in.
struct RolePart: Sendable {
    /// Run, swept, and shown in health and metrics.
    var loops: [Loop] = []
    /// Run besides the loops.
    var services: [any Service] = []
    var checks: [HealthCheck] = []
    var metrics: [MetricSource] = []
    var addRoutes: @Sendable (DoorRouter) -> Void = { _ in }
}
