import Foundation

/// A named pipe into which a step writes a line when it runs: the moment that line arrives is the moment the command ran.
final class Marks: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        guard mkfifo(path, 0o600) == 0 else { throw BenchmarkFailure("no pipe at \(path): \(String(cString: strerror(errno)))") }
        // Open at both ends, so that a writer never waits for a reader to come, and a read for the next writer.
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw BenchmarkFailure("\(path) cannot be opened: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Blocks until a line comes; a writer's line is shorter than what a pipe takes in one piece, and only one is under way.
    func next(within seconds: Int32 = 30) throws -> (text: String, at: ContinuousClock.Instant) {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard Foundation.poll(&poll, 1, seconds * 1000) == 1 else { throw BenchmarkFailure("no command ran within \(seconds) s") }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = read(descriptor, &buffer, buffer.count)
        let now = ContinuousClock.now
        return (String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).trimmingCharacters(in: .newlines), now)
    }
}
