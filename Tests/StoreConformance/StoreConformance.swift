import Domain
import Storage
import TestSupport

/// What every store does, told as rules that a test target checks on its own store. The rules see only the port: no table, no file.
public struct StoreConformance<S: Sendable>: Sendable {
    /// One rule; its name is a sentence.
    public struct Rule: Sendable, CustomStringConvertible {
        public var name: String
        public var check: @Sendable (StoreConformance<S>) async throws -> Void

        public init(_ name: String, _ check: @escaping @Sendable (StoreConformance<S>) async throws -> Void) {
            self.name = name
            self.check = check
        }

        public var description: String { name }
    }

    /// Opens the store that lies at a place: a directory of its own, empty at first. The same place again, after a close, is the same state.
    public var open: @Sendable (_ place: String, _ clock: ManualStoreClock) async throws -> S

    public init(open: @escaping @Sendable (_ place: String, _ clock: ManualStoreClock) async throws -> S) {
        self.open = open
    }

    /// A store of a rule's own, with a clock that stands still.
    public func world() async throws -> World<S> {
        let clock = ManualStoreClock()
        let directory = TemporaryDirectory()
        return World(store: try await open(directory.path, clock), clock: clock, directory: directory)
    }
}

/// A fresh store and what belongs to it.
public struct World<S: Sendable>: Sendable {
    public let store: S
    public let clock: ManualStoreClock
    public let directory: TemporaryDirectory
}
