import BuildDispatch

/// What a dispatcher does, in figures.
struct DispatchMetrics {
    var service: DispatchService

    func add(to text: inout PrometheusText) {
        let figures = service.figures
        text.add("workers_served", .gauge, "Workers whose sessions this dispatcher knows.", figures.sessions)
        text.add("waiting_slots", .gauge, "Free slots that wait here for work.", figures.waitingSlots)
        text.add("builds_claimed_total", .counter, "Builds given to workers.", figures.claimed)
        text.add("builds_lost_total", .counter, "Builds ended because their lease or their worker was lost.", figures.lost)
        text.add("reports_total", .counter, "Reports of workers taken.", figures.reports)
        text.add("report_batches_total", .counter, "Transactions that the reports were combined into.", figures.reportBatches)
    }
}
