import Domain
import Signals

/// The loops of a process, as its health and metrics show them.
struct LoopHealth: Sendable {
    var loops: [Loop]
    /// A loop that failed once may be mended by its next pass; one that fails again and again is worth a word.
    private static let failuresWorthAWord = 2

    func check() -> Health {
        let failing = loops.compactMap { loop -> String? in
            let statistics = loop.statistics
            guard statistics.failuresInARow >= Self.failuresWorthAWord, let error = statistics.failing else { return nil }
            return "\(loop.name.rawValue) failed \(statistics.failuresInARow) times in a row: \(error.replacing("\n", with: " "))"
        }
        return failing.isEmpty ? .ready : .degraded(failing.joined(separator: "\n"))
    }

    func addMetrics(to text: inout PrometheusText) {
        func add(_ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: (LoopStatistics) -> any CustomStringConvertible) {
            text.add(name, kind, help, by: "loop", loops) { ($0.name.rawValue, value($0.statistics)) }
        }
        add("loop_passes_total", .counter, "Passes of a loop.") { $0.passes }
        add("loop_errors_total", .counter, "Passes that ended with an error.") { $0.errors }
        add("loop_failures_in_a_row", .gauge, "Errors since the last pass that went well.") { $0.failuresInARow }
        add("loop_rings_total", .counter, "Rings that a loop heard.") { $0.rings }
        add("loop_busy_seconds_total", .counter, "Time spent in passes.") { $0.busy.inSeconds }
        add("loop_longest_pass_seconds", .gauge, "The longest pass so far.") { $0.longestPass.inSeconds }
    }
}
