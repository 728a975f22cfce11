import Signals
import SignalsAMQP

/// The bell over a broker, in figures.
struct BellMetrics {
    var bell: AMQPBell

    func add(to text: inout PrometheusText) {
        let statistics = bell.statistics
        text.add("bell_healthy", .gauge, "1 while rings reach other processes, as measured.", bell.health == .healthy ? 1 : 0)
        text.add("bell_rings_sent_total", .counter, "Rings sent to other processes.", statistics.ringsSent)
        text.add("bell_rings_received_total", .counter, "Rings that came from other processes.", statistics.ringsReceived)
        text.add("bell_returns_total", .counter, "Rings that the broker sent back.", statistics.returns)
        text.add("bell_connects_total", .counter, "Connections to a broker that were made.", statistics.connects)
        text.add("bell_blocked_seconds_total", .counter, "Time in which the broker took nothing.", statistics.blocked.inSeconds)
        text.add("bell_longest_round_trip_seconds", .gauge, "The longest way of a ring to oneself.", statistics.longestRoundTrip.inSeconds)
        if let roundTrip = statistics.roundTrip {
            text.add("bell_round_trip_seconds", .gauge, "The last way of a ring to oneself.", roundTrip.inSeconds)
        }
    }
}
