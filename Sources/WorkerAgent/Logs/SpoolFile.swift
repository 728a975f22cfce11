import Crypto
import Domain
import Foundation
import Synchronization

/// The output of one step on the worker's disk: the buffer between a step that prints and a dispatcher that listens, so that memory stays flat.
///
/// One thread at a time appends; any number of tasks read what is there.
final class SpoolFile: Sendable {
    struct Progress: Hashable, Sendable {
        var size: Int64
        /// No byte will follow.
        var closed: Bool
    }

    private struct State {
        var progress = Progress(size: 0, closed: false)
        var waiters: [UInt64: (beyond: Int64, continuation: CheckedContinuation<Void, Never>)] = [:]
        var nextWaiter: UInt64 = 0
    }

    let path: String
    private let descriptor: Int32
    private let budget: SpoolBudget
    private let digest = Mutex(SHA256())
    private let state = Mutex(State())

    /// Throws when the file cannot be made.
    init(path: String, budget: SpoolBudget) throws(OutputRefusal) {
        self.path = path
        self.budget = budget
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 { throw OutputRefusal(number: errno) }
    }

    deinit {
        close(descriptor)
    }

    var progress: Progress { state.withLock { $0.progress } }

    /// Blocks for the time of a write to the page cache. What was written before a refusal stays, and counts.
    func append(_ bytes: UnsafeRawBufferPointer) throws(OutputRefusal) {
        guard budget.take(bytes.count) else { throw OutputRefusal(number: ENOSPC) }
        var written = 0
        var problem: Int32 = 0
        while written < bytes.count, problem == 0 {
            let count = write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            if count >= 0 { written += count } else if errno != EINTR { problem = errno }
        }
        budget.giveBack(bytes.count - written)
        digest.withLock { $0.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[..<written])) }
        change { $0.size += Int64(written) }
        if problem != 0 { throw OutputRefusal(number: problem) }
    }

    /// No byte will follow.
    func seal() {
        change { $0.closed = true }
    }

    /// SHA-256 of all bytes so far, in hexadecimal.
    var sha256: String { digest.withLock { $0 }.finalize().hexadecimal }

    /// At most `limit` bytes from `offset`. Blocks.
    func read(from offset: Int64, limit: Int) throws(OutputRefusal) -> [UInt8] {
        let length = Int(min(Int64(limit), max(0, progress.size - offset)))
        var problem: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            while count < length {
                let got = pread(descriptor, buffer.baseAddress.map { $0 + count }, length - count, off_t(offset) + count)
                if got > 0 {
                    count += got
                } else if got == 0 || errno != EINTR {
                    problem = got == 0 ? EIO : errno
                    break
                }
            }
        }
        if problem != 0 { throw OutputRefusal(number: problem) }
        return bytes
    }

    /// Waits until there are more than `offset` bytes, or none will follow, or the task is cancelled.
    func grown(beyond offset: Int64) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    guard state.progress.size <= offset, !state.progress.closed, !Task.isCancelled else { return true }
                    state.waiters[id] = (offset, continuation)
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
        }
    }

    /// Frees the disk space; the object stays readable while it lives.
    func remove() {
        unlink(path)
        budget.giveBack(Int(progress.size))
    }

    private func change(_ body: (inout Progress) -> Void) {
        let due = state.withLock { state in
            body(&state.progress)
            let due = state.waiters.filter { $0.value.beyond < state.progress.size || state.progress.closed }
            for id in due.keys { state.waiters[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }
}
