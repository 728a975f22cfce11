import ServiceLifecycle
import Signals

/// The bell of a process, with what depends on its kind.
struct OpenedBell: Sendable {
    var bell: any Doorbell
    /// What has to run while it rings.
    var services: [any Service]
    var addMetrics: MetricSource
    /// Carries log notices across processes; nil without a broker.
    var notices: (any LogNotices)?

    /// How the bell stands, for the health of the process.
    var check: HealthCheck {
        { [bell] in
            switch bell.health {
            case .healthy: .ready
            case .degraded(let reason): .degraded("bell: \(reason); loops look for work each second")
            case .none: .degraded("bell: no broker is configured (DOORBELL_AMQP_URL); loops look for work each second")
            }
        }
    }
}
