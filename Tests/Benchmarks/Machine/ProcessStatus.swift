import Foundation

/// What /proc says of a process.
enum ProcessStatus {
    /// Resident memory now and at its peak, in MB of 2^20 bytes.
    static func memory(_ pid: pid_t) throws -> (now: Double, peak: Double) {
        let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        func megabytes(_ key: String) throws -> Double {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
            guard let line, let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) }) else {
                throw BenchmarkFailure("/proc/\(pid)/status has no \(key)")
            }
            return kibibytes / 1024
        }
        return (try megabytes("VmRSS"), try megabytes("VmHWM"))
    }

    /// The processor time that a living process has used, in seconds.
    static func processorSeconds(_ pid: pid_t) throws -> Double {
        guard let fields = fields(ofStat: String(pid)), fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw BenchmarkFailure("there is no process \(pid)")
        }
        return (user + system) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    /// The fields of /proc/PID/stat from the state on; nil for a process that is gone.
    static func fields(ofStat pid: String) -> [Substring]? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        // The name before it may hold spaces and parentheses.
        return text.lastIndex(of: ")").map { text[text.index(after: $0)...].split(separator: " ") }
    }
}
