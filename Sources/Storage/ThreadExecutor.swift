import Foundation

/// A serial executor on a thread of its own: an actor that runs on it may block without holding a thread of the cooperative pool.
package final class ThreadExecutor: SerialExecutor {
    private let queue = JobQueue()

    package init(name: String) {
        let queue = queue
        let thread = Thread {
            while let job = queue.next() { job() }
        }
        thread.name = name
        thread.start()
    }

    deinit {
        queue.end()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // Held until the job has run: an actor's last job may run after everybody else let go of it.
        queue.add { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// The jobs that wait for the thread, in order.
// Safe to share: every access to the state is made while the condition's lock is held.
private final class JobQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [() -> Void] = []
    private var taken: ArraySlice<() -> Void> = []
    private var ended = false

    func add(_ job: @escaping () -> Void) {
        condition.withLock {
            waiting.append(job)
            condition.signal()
        }
    }

    func end() {
        condition.withLock {
            ended = true
            condition.signal()
        }
    }

    /// The next job; nil when there are none and none will come.
    func next() -> (() -> Void)? {
        condition.withLock {
            while true {
                if let job = taken.popFirst() { return job }
                if !waiting.isEmpty {
                    taken = waiting[...]
                    waiting = []
                } else if ended {
                    return nil
                } else {
                    condition.wait()
                }
            }
        }
    }
}
