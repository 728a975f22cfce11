import Logging
import Signals
import Storage
import Synchronization

/// Does what the machine of a shard says, for the two loops of a relay.
final class RelayCore: Sendable {
    private struct State {
        var machine: ShardMachine
        var statistics = RelayStatistics()
    }

    private let store: any RelayStore
    private let publishes: Bool
    private let message: EventMessage
    private let projector: Projector?
    private let name: String
    private let shard: Int32
    private let batch: Int
    private let lease: Duration
    private let clock: any LoopClock
    private let logger: Logger
    private let state: Mutex<State>

    /// Batches of one pass.
    private static let batchesOfPass = 8

    init(
        store: any RelayStore, publisher: (any EventPublisher)?, message: EventMessage, projector: Projector?, name: String, shard: Int32,
        options: RelayService.Options,
        clock: any LoopClock, logger: Logger
    ) {
        self.store = store
        publishes = publisher != nil
        self.message = message
        self.projector = projector
        self.name = name
        self.shard = shard
        batch = options.batch
        lease = options.lease
        self.clock = clock
        self.logger = logger
        state = Mutex(State(machine: ShardMachine(lease: options.lease, tickInterval: options.tickInterval, gathering: options.gathering)))
    }

    var statistics: RelayStatistics {
        state.withLock { state in
            state.statistics.isLeading = state.machine.term != nil
            (state.statistics.projected, state.statistics.projectionsLost) = projector?.counts ?? (0, 0)
            return state.statistics
        }
    }

    func lag() async throws -> RelayLag { try await store.relayLag(shard: shard) }

    /// Looks after the lease, and makes a tick when one is due.
    func look() async throws -> ShardMachine.Outcome {
        if let later = state.withLock({ $0.machine.mayLook(at: clock.now) }) { return ShardMachine.Outcome(wake: later) }
        guard publishes else {
            let ticked = try await store.tick(shard: shard)
            return state.withLock { state in
                if ticked { state.statistics.ticks += 1 }
                return state.machine.ticked(ticked, at: clock.now)
            }
        }
        let answer = try await store.lead(shard: shard, as: name, for: lease)
        let (outcome, began) = state.withLock { state in
            let before = state.machine.term?.number
            let outcome = state.machine.answered(answer, at: clock.now)
            if outcome.ticked { state.statistics.ticks += 1 }
            let after = state.machine.term
            return (outcome, after?.number == before ? nil : after)
        }
        if let began {
            logger.info("leading", metadata: [LogKey.shard: "\(shard)", LogKey.term: "\(began.number)", LogKey.cursor: "\(began.cursor)"])
        }
        return outcome
    }

    /// Publishes some batches.
    func publish(to publisher: any EventPublisher) async throws -> NextWake? {
        do {
            for _ in 0..<Self.batchesOfPass {
                // Each batch takes up to three steps.
                for _ in 0..<3 where try await !step(publisher) { return nil }
            }
            return .immediately
        } catch {
            let resigned = state.withLock { $0.machine.failed(at: clock.now) }
            if let resigned {
                logger.warning("giving the lease to another relay, which may fare better", metadata: [LogKey.shard: "\(shard)"])
                try? await store.resign(resigned)
            }
            throw error
        }
    }

    func stop() async {
        guard let term = state.withLock({ $0.machine.stopped() }) else { return }
        do {
            try await store.resign(term)
        } catch {
            logger.warning("the lease of the shard ends by itself", metadata: [LogKey.shard: "\(shard)", LogKey.error: "\(error)"])
        }
    }

    /// False when there is nothing to do.
    private func step(_ publisher: any EventPublisher) async throws -> Bool {
        switch state.withLock({ $0.machine.next() }) {
        case .rest: return false
        case .read(let term, let cursor): try await read(term, after: cursor)
        case .publish(let batch): try await publish(batch, to: publisher)
        case .settle(let settlement): try await settle(settlement)
        }
        return true
    }

    private func read(_ term: RelayTerm, after cursor: EventCursor) async throws {
        do {
            let events = try await store.events(after: cursor, limit: batch)
            state.withLock { $0.machine.read(events, under: term) }
        } catch let error as StoreError {
            guard case .conflict = error else { throw error }
            // Either the epoch is another, and then the next look tells the new place, or nobody published for longer than events are kept.
            let oldest = try await store.oldestCursor()
            guard oldest.epoch == cursor.epoch, oldest > cursor else { throw error }
            logger.error(
                "events were dropped before they were published",
                metadata: [LogKey.shard: "\(shard)", LogKey.cursor: "\(cursor)", LogKey.oldest: "\(oldest)"])
            state.withLock { $0.machine.skip(to: oldest, under: term) }
        }
    }

    /// While the broker works on one batch, the next is read.
    private func publish(_ batch: ShardMachine.Batch, to publisher: any EventPublisher) async throws {
        async let following = readAhead(of: batch)
        async let projecting: Void? = projector?.publish(batch.events)
        do {
            let outcomes = try await publisher.publish(batch.events.map(message.message))
            let ahead = await following
            await projecting
            state.withLock { state in
                state.machine.readAhead(ahead, behind: batch)
                state.machine.published(batch, outcomes)
                state.statistics.batches += 1
                state.statistics.published += UInt64(outcomes.count { $0 == .confirmed })
                state.statistics.refused += UInt64(outcomes.count { $0 != .confirmed })
            }
        } catch {
            state.withLock { $0.statistics.interrupted += 1 }
            throw error
        }
    }

    private func readAhead(of batch: ShardMachine.Batch) async -> [EventRecord] {
        // What fails here is tried again when it is needed.
        guard let place = state.withLock({ $0.machine.placeAhead(of: batch) }) else { return [] }
        return (try? await store.events(after: place, limit: self.batch)) ?? []
    }

    private func settle(_ settlement: ShardMachine.Settlement) async throws {
        let moved = try await store.advance(settlement.term, to: settlement.end, count: settlement.count, refused: settlement.refused)
        state.withLock { state in
            state.machine.settled(settlement, moved: moved)
            if !moved { state.statistics.termsLost += 1 }
        }
        for refused in settlement.refused {
            logger.error(
                "a queue refused an event; the others have it, and it can be replayed",
                metadata: [
                    LogKey.event: "\(refused.messageID)", LogKey.routingKey: "\(refused.routingKey)", LogKey.reason: "\(refused.reason)",
                    LogKey.cursor: "\(refused.cursor)",
                ])
        }
        if !moved { logger.warning("another relay leads, or the lease ran out", metadata: [LogKey.shard: "\(shard)"]) }
    }
}
