import Domain
import Synchronization
import Wire

/// The builds that a worker holds, and its slots. A builder is given a slot in which it ran before when one is free: its working directory is there.
final class BuildTable: Sendable {
    private struct State {
        var builds: [BuildID: HeldBuild] = [:]
        var free: Set<Int>
        var lastBuilder: [Int: String] = [:]
        var change = Gate()
    }

    let slots: Int
    private let state: Mutex<State>

    init(slots: Int) {
        self.slots = slots
        state = Mutex(State(free: Set(0..<slots)))
    }

    var free: Int { state.withLock { $0.free.count } }
    var all: [HeldBuild] { state.withLock { state in state.builds.values.sorted { $0.assignment.build < $1.assignment.build } } }
    var holding: [BuildID] { state.withLock { $0.builds.keys.sorted() } }

    subscript(build: BuildID) -> HeldBuild? { state.withLock { $0.builds[build] } }

    /// Nil when it is held already, or no slot is free.
    func take(_ assignment: AssignmentDocument) -> HeldBuild? {
        state.withLock { state in
            guard state.builds[assignment.build] == nil else { return nil }
            let same = state.free.filter { state.lastBuilder[$0] == assignment.builder }.min()
            let unused = state.free.filter { state.lastBuilder[$0] == nil }.min()
            guard let slot = same ?? unused ?? state.free.min() else { return nil }
            state.free.remove(slot)
            state.lastBuilder[slot] = assignment.builder
            let build = HeldBuild(assignment, slot: slot)
            state.builds[assignment.build] = build
            return build
        }
    }

    func release(_ build: HeldBuild) {
        let change = state.withLock { state in
            state.builds[build.assignment.build] = nil
            state.free.insert(build.slot)
            defer { state.change = Gate() }
            return state.change
        }
        change.open()
    }

    /// Waits until at least `count` slots are free or the task is cancelled.
    func waitForFree(_ count: Int) async {
        while !Task.isCancelled {
            let change = state.withLock { $0.free.count >= count ? nil : $0.change }
            guard let change else { return }
            await change.wait()
        }
    }
}
