import Foundation

/// The time that the processors spent so far, and how much of it went into this program and what it started.
struct ProcessorTime: Sendable {
    /// All in seconds.
    private var total: Double
    private var busy: Double
    private var ours: Double

    static func now() throws -> ProcessorTime {
        let tick = 1 / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        let text = try String(contentsOfFile: "/proc/stat", encoding: .utf8)
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are part of user.
        let fields = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
        guard fields.count == 8 else { throw BenchmarkFailure("/proc/stat does not begin with the eight times of all processors") }
        let total = fields.reduce(0, +)
        return ProcessorTime(
            total: total * tick, busy: (total - fields[3] - fields[4]) * tick, ours: own() + ended() + living(tick))
    }

    /// The shares of all processors since an earlier moment: busy at all, and busy with others.
    func shares(since start: ProcessorTime) -> (busy: Double, others: Double) {
        let elapsed = max(total - start.total, 0.000_001)
        let busy = busy - start.busy
        return (busy / elapsed, max(0, busy - (ours - start.ours)) / elapsed)
    }

    private static func own() -> Double { used(Int32(RUSAGE_SELF.rawValue)) }

    /// The children that have ended, with theirs.
    private static func ended() -> Double { used(Int32(RUSAGE_CHILDREN.rawValue)) }

    private static func used(_ who: Int32) -> Double {
        var usage = rusage()
        getrusage(who, &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    /// The children that live, with those of theirs that have ended.
    private static func living(_ tick: Double) -> Double {
        let parent = String(getpid())
        return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).reduce(0) { sum, name in
            guard name.first?.isNumber == true, let fields = ProcessStatus.fields(ofStat: name), fields.count > 14, fields[1] == parent else {
                return sum
            }
            // utime, stime, cutime, cstime: the fields 14 to 17 of proc(5), which counts from 1 and begins before the state, its third.
            return sum + fields[11...14].compactMap { Double($0) }.reduce(0, +) * tick
        }
    }
}
