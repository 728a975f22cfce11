/// A wait with an end.
public enum Bounded {
    public struct TooLate: Error, Hashable, CustomStringConvertible {
        public var bound: Duration
        public var description: String { "no answer within \(bound.components.seconds) s" }
    }

    /// The result of `body`, or `TooLate` when the bound has passed. A body that cannot be cancelled goes on by itself, and its result is dropped.
    public static func run<Value: Sendable>(within bound: Duration, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let (answers, continuation) = AsyncStream.makeStream(of: Result<Value, any Error>.self, bufferingPolicy: .bufferingOldest(1))
        let work = Task {
            do {
                continuation.yield(.success(try await body()))
            } catch {
                continuation.yield(.failure(error))
            }
        }
        let timer = Task {
            if (try? await Task.sleep(for: bound)) != nil { continuation.yield(.failure(TooLate(bound: bound))) }
        }
        defer {
            work.cancel()
            timer.cancel()
        }
        for await answer in answers { return try answer.get() }
        throw CancellationError()
    }
}
