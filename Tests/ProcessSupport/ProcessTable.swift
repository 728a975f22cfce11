import Foundation

/// The processes of this machine that carry a word in their environment.
public enum ProcessTable {
    public struct Entry: Hashable, Sendable {
        public var pid: pid_t
        /// With the pid, names one process for ever: pids are used again.
        public var started: String
    }

    /// Every living process whose environment holds all of the words.
    public static func processes(withEnvironment words: [String]) -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.compactMap { pid in
            guard let environment = read("/proc/\(pid)/environ"), words.allSatisfy({ environment.contains($0) }), let started = startTime(pid)
            else { return nil }
            return Entry(pid: pid, started: started)
        }
    }

    public static func isAlive(_ entry: Entry) -> Bool { startTime(entry.pid) == entry.started }

    /// Field 22 of /proc/PID/stat; nil for a process that is gone or a zombie.
    private static func startTime(_ pid: pid_t) -> String? {
        guard let text = read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }

    private static func read(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
