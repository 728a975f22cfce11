import Intake

/// What became of the calls of forges, by source.
struct HookMetrics {
    let counters: HookCounters

    func add(to text: inout PrometheusText) {
        let samples = counters.all.map { one in
            PrometheusText.Sample(labels: [("source", one.source), ("fate", one.fate.rawValue)], value: String(one.count))
        }
        text.add("hooks_total", .counter, "Calls of forges, by source and what became of them.", samples)
    }
}
