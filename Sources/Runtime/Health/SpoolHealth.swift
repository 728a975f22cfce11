import Domain
import Foundation
import Intake

/// The spool of an intake, as its health and metrics show it. A replica whose spool is not empty holds changes that nobody else has: it must not be scaled
/// away.
struct SpoolHealth: Sendable {
    var spool: ChangeSpool

    func check() -> Health {
        let status = spool.status
        // With its spool full or broken it can only refuse; another replica may have room.
        if let trouble = status.trouble, status.waiting > 0 { return .unready("spool: \(trouble)") }
        if let trouble = status.trouble { return .degraded("spool: \(trouble)") }
        if let damaged = status.damaged { return .degraded("spool: it was damaged; what could not be read is in \(damaged)") }
        if status.setAside > 0 { return .degraded("spool: \(status.setAside) changes cannot be taken; they are in refused.spool beside it") }
        guard status.waiting > 0 else { return .ready }
        return .degraded("spool: \(status.waiting) changes wait for the database, the oldest for \(Int(age(status))) s")
    }

    func addMetrics(to text: inout PrometheusText) {
        let status = spool.status
        text.add("intake_spool_changes", .gauge, "Changes that were answered and wait for the database.", status.waiting)
        text.add("intake_spool_bytes", .gauge, "Bytes of the spool on the disk.", status.bytes)
        text.add("intake_spool_oldest_seconds", .gauge, "Age of the oldest change that waits.", age(status))
        text.add("intake_spool_taken_total", .counter, "Changes that were spooled.", status.spooled)
        text.add("intake_spool_drained_total", .counter, "Spooled changes that reached the database.", status.drained)
        text.add("intake_spool_refused_total", .counter, "Submissions refused because the spool was full or broken.", status.refused)
        text.add("intake_spool_set_aside_total", .counter, "Spooled changes that the database does not take.", status.setAside)
        text.add("intake_spool_torn_total", .counter, "Records that a crash had torn, cut at the start.", status.torn)
    }

    private func age(_ status: SpoolStatus) -> Double {
        status.oldest.map { max(0, Timestamp(seconds: Date().timeIntervalSince1970).since($0).inSeconds) } ?? 0
    }
}
