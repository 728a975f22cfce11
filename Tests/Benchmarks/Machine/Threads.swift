import Foundation
import Synchronization

/// Runs blocking work on threads of its own: the cooperative pool stays free, and a client costs what a blocking call costs.
enum Threads {
    /// Runs the body once on each of `count` threads; gives the results in the order of the threads, or the first error.
    static func run<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Result) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            for number in 0..<count {
                group.addTask {
                    try await withCheckedThrowingContinuation { continuation in
                        Thread.detachNewThread { continuation.resume(with: Swift.Result { (number, try body(number)) }) }
                    }
                }
            }
            var results: [(Int, Result)] = []
            for try await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await run(1) { _ in try body() }[0]
    }
}
