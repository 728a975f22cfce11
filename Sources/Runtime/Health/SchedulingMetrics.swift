import Scheduling

/// What a scheduler does, in figures.
struct SchedulingMetrics {
    var service: SchedulingService

    func add(to text: inout PrometheusText) {
        let figures = service.figures
        text.add("changes_classified_total", .counter, "Changes that were held against the rules.", figures.classified)
        text.add("quiet_times_fired_total", .counter, "Branches that had become quiet and were decided.", figures.fired)
        text.add("buildsets_made_total", .counter, "Buildsets that rules made.", figures.buildsets)
    }
}
