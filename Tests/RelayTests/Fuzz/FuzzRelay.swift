import Logging
import Signals
import Storage
import StoragePostgres
import Synchronization

@testable import Relay

/// A relay of the fuzz, which can be killed and frozen as a process can.
final class FuzzRelay: Sendable {
    let gate = ProcessGate()
    let bell = LocalBell()
    private let service: RelayService
    private let store: PostgresStore
    private let running: Task<Void, Never>

    init(store: PostgresStore, recorder: Recorder, name: String, plan: FuzzPlan, seed: UInt64) {
        self.store = store
        var options = RelayService.Options()
        options.lease = plan.lease
        options.tickInterval = .milliseconds(5)
        options.batch = 100
        var quiet = Logger(label: "fuzz")
        quiet.logLevel = .critical
        let service = RelayService(
            store: GatedStore(store: store, gate: gate), deployment: store.deployment, bell: bell,
            publisher: ShakyPublisher(recorder: recorder, gate: gate, seed: seed), name: name, options: options, logger: quiet)
        self.service = service
        running = Task {
            await withTaskGroup(of: Void.self) { group in
                for loop in service.loops { group.addTask { try? await loop.run() } }
            }
        }
    }

    var isLeading: Bool { service.statistics.isLeading }
    var statistics: RelayStatistics { service.statistics }

    /// It ends without a word: its lease stays until it runs out.
    func kill() async {
        running.cancel()
        gate.open()
        await running.value
    }
}
