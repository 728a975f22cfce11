import Foundation

/// Finds what was started by a worker even after every tie to it is cut: each command carries the worker's mark in its environment.
struct EnvironmentMark: Sendable {
    static let name = "DOORBELL_WORKER_MARK"

    /// Random text, kept in the worker's data directory.
    let value: String

    /// Kills every process with the mark, and waits until none is left. Returns how many there were, and whether all are gone. Blocks.
    func sweep(patience: Duration = .seconds(10)) -> (found: Int, gone: Bool) {
        let end = ContinuousClock.now + patience
        var seen: Set<Int32> = []
        while true {
            let left = processes()
            if left.isEmpty { return (seen.count, true) }
            if ContinuousClock.now >= end { return (seen.count, false) }
            for process in left {
                seen.insert(process)
                kill(process, SIGKILL)
            }
            usleep(5000)
        }
    }

    private func processes() -> [Int32] {
        let wanted = Array("\(Self.name)=\(value)".utf8)
        let own = getpid()
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return [] }
        return names.compactMap { Int32($0) }.filter { process in
            // A zombie has no environment any more, and another user's cannot be read: both are not for us to end.
            guard process != own, let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
            return environment.split(separator: 0).contains { $0.elementsEqual(wanted) }
        }
    }
}
