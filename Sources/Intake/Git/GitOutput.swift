import CProcess
import Foundation

/// Collects what a guarded command writes until the guard says that nothing of it is left. Blocking; one thread.
struct GitOutput {
    /// As messages call it.
    let name: String
    let guardian: doorbell_guard
    let limit: Int
    let deadline: ContinuousClock.Instant
    let timeout: Duration
    let stop: StopPipe

    private static let complaintLimit = 16 << 10

    private var output: [UInt8] = []
    private var complaint: [UInt8] = []
    private var events: [UInt8] = []
    private var failure: GitFailure?

    init(name: String, guardian: doorbell_guard, limit: Int, deadline: ContinuousClock.Instant, timeout: Duration, stop: StopPipe) {
        self.name = name
        self.guardian = guardian
        self.limit = limit
        self.deadline = deadline
        self.timeout = timeout
        self.stop = stop
    }

    mutating func collect() throws -> [UInt8] {
        // The guard may be gone when it is told to end: that is no reason to die. The thread is this command's own.
        var broken = sigset_t()
        sigemptyset(&broken)
        sigaddset(&broken, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &broken, nil)
        var open: [Int32: Bool] = [guardian.output: true, guardian.errors: true, guardian.events: true]
        while open[guardian.events] == true {
            var descriptors = open.filter(\.value).map { pollfd(fd: $0.key, events: Int16(POLLIN), revents: 0) }
            if failure == nil { descriptors.append(pollfd(fd: stop.reading, events: Int16(POLLIN), revents: 0)) }
            let left = deadline - .now
            let wait = failure == nil ? Int32(clamping: max(0, left.components.seconds * 1000 + 1)) : 5000
            let ready = poll(&descriptors, nfds_t(descriptors.count), wait)
            if ready == 0 || (failure == nil && left <= .zero) { end(GitFailure("\(name) took longer than \(timeout.components.seconds) s")) }
            for descriptor in descriptors where descriptor.revents != 0 {
                if descriptor.fd == stop.reading {
                    end(GitFailure("it was stopped"))
                } else if !read(descriptor.fd) {
                    open[descriptor.fd] = false
                }
            }
        }
        while open[guardian.output] == true, read(guardian.output) {}
        while open[guardian.errors] == true, read(guardian.errors) {}
        if let failure { throw failure }
        try checkEnding()
        return output
    }

    func close() {
        for descriptor in [guardian.output, guardian.errors, guardian.events, guardian.lifeline] { _ = Foundation.close(descriptor) }
    }

    /// False at the end of the descriptor.
    private mutating func read(_ descriptor: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = Foundation.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return count < 0 && (errno == EINTR || (errno == EAGAIN && descriptor == guardian.events)) }
        let bytes = buffer.prefix(count)
        if descriptor == guardian.output {
            if output.count + count > limit { end(GitFailure("\(name) said more than \(limit) bytes", isTooMuch: true)) } else { output += bytes }
        } else if descriptor == guardian.errors {
            complaint += bytes.prefix(max(0, Self.complaintLimit - complaint.count))
        } else {
            events += bytes
        }
        return true
    }

    private mutating func end(_ reason: GitFailure) {
        guard failure == nil else { return }
        failure = reason
        var kill = UInt8(ascii: "K")
        _ = write(guardian.lifeline, &kill, 1)
    }

    private func checkEnding() throws {
        let size = MemoryLayout<doorbell_guard_event>.size
        var ending: (kind: UInt32, value: Int32)?
        for start in stride(from: 0, to: events.count - size + 1, by: size) {
            let event = events[start..<start + size].withUnsafeBytes { $0.loadUnaligned(as: doorbell_guard_event.self) }
            if UInt32(event.kind) != DOORBELL_GUARD_STARTED.rawValue { ending = (UInt32(event.kind), event.value) }
        }
        guard let ending else { throw GitFailure("\(name) vanished") }
        switch ending.kind {
        case DOORBELL_GUARD_EXITED.rawValue where ending.value == 0: return
        case DOORBELL_GUARD_EXITED.rawValue: throw GitFailure(said ?? "\(name) ended with status \(ending.value)")
        case DOORBELL_GUARD_SIGNALLED.rawValue: throw GitFailure("\(name) was ended by signal \(ending.value)")
        default: throw GitFailure("\(name) cannot be run: \(String(cString: strerror(ending.value)))")
        }
    }

    private var said: String? { Self.cause(in: String(decoding: complaint, as: UTF8.self)) }

    /// The line of a complaint that says why. What git says last, that it could not read, is only what followed from it.
    static func cause(in complaint: String) -> String? {
        let lines = complaint.split(whereSeparator: \.isNewline).map(String.init)
        let before = lines.prefix { !$0.hasPrefix("fatal: Could not read from remote repository") }
        let telling = before.isEmpty ? lines[...] : before
        return telling.first { $0.hasPrefix("fatal:") || $0.hasPrefix("error:") || $0.hasPrefix("ssh:") } ?? telling.last
    }
}

/// Lets another thread ask a waiting one to stop.
final class StopPipe: Sendable {
    let reading: Int32
    private let writing: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        // Without descriptors the command itself will say so; until then nothing can be asked to stop.
        if pipe(&ends) == 0 {
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        reading = ends[0]
        writing = ends[1]
    }

    deinit {
        close(reading)
        close(writing)
    }

    func ask() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }
}

/// Bytes as a file that a command can read from its start; no pipe that could fill up.
struct InputFile {
    let descriptor: Int32

    init(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty else {
            descriptor = -1
            return
        }
        var template = Array((NSTemporaryDirectory() + "/doorbell-git-XXXXXX").utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw GitFailure("no temporary file for git's input: \(String(cString: strerror(errno)))") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        // It has no name from now on, so that nothing is left behind however this ends.
        unlink(template)
        guard bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, bytes.count) }) == bytes.count, lseek(descriptor, 0, Int32(SEEK_SET)) == 0
        else {
            _ = Foundation.close(descriptor)
            throw GitFailure("git's input cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    func close() {
        if descriptor >= 0 { _ = Foundation.close(descriptor) }
    }
}
