import Foundation

/// What the process list shows to everybody on the machine.
enum CommandLines {
    static func all() -> [pid_t: String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let lines = names.compactMap { pid_t($0) }.compactMap { pid -> (pid_t, String)? in
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !data.isEmpty else { return nil }
            return (pid, String(decoding: data, as: UTF8.self))
        }
        return Dictionary(lines) { first, _ in first }
    }
}
