import StoragePostgres
import Synchronization
import Testing

/// A suite whose tests take turns at the server that all share: only so many run at once, and each closes the stores and pools that it opened,
/// however it ended. A server has only so many connections.
struct Turns: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func scopeProvider(for test: Test, testCase: Test.Case?) -> Turns? { testCase == nil ? nil : self }

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        await Self.places.take()
        let opened = Opened()
        let result: Result<Void, any Error>
        do {
            result = .success(try await Opened.$current.withValue(opened, operation: function))
        } catch {
            result = .failure(error)
        }
        await opened.close()
        Self.places.giveBack()
        try result.get()
    }

    private static let places = Places(12)
}

extension Trait where Self == Turns {
    static var takingTurns: Turns { Turns() }
}

/// What one test opened.
final class Opened: Sendable {
    @TaskLocal static var current: Opened?

    private let closings = Mutex<[@Sendable () async -> Void]>([])

    static func add(_ closing: @escaping @Sendable () async -> Void) { current?.closings.withLock { $0.append(closing) } }

    func close() async {
        for closing in closings.withLock({ $0 }) { await closing() }
    }
}

/// A number of places; whoever finds none free waits its turn.
private final class Places: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free == 0 {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
