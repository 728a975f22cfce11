import Signals
import Synchronization
import TestSupport
import Testing

/// What every bell promises, whatever carries its rings. A test target checks each rule on its own bell, with both of its ends healthy.
public struct BellRule: Sendable, CustomStringConvertible {
    /// A sentence.
    public var name: String
    public var check: @Sendable (BellEnds) async throws -> Void

    private init(_ name: String, _ check: @escaping @Sendable (BellEnds) async throws -> Void) {
        self.name = name
        self.check = check
    }

    public var description: String { name }

    public static let all = [
        BellRule("A ring reaches whoever listens to that loop") { try await reaches($0) },
        BellRule("A ring reaches nobody who listens to other loops") { try await reachesNobodyElse($0) },
        BellRule("Several listen to one loop, and each hears") { try await several($0) },
        BellRule("After its cancellation a listener hears nothing, and the others go on") { try await cancellation($0) },
        BellRule("A ring with nobody listening costs nothing and is no error") { try await nobody($0) },
        BellRule("A listener may ring, listen and cancel while it is called") { try await reentrant($0) },
        BellRule("Rings from many threads at once are heard, at least the last") { try await manyThreads($0) },
        BellRule("A reconnect is told to whoever watches, until the subscription ends") { try await reconnect($0) },
        BellRule("A bell that carries rings is healthy, and says how long its silence may be relied on") { try await health($0) },
    ]

    private static func reaches(_ ends: BellEnds) async throws {
        for loop in LoopName.allCases {
            let heard = Flag()
            let subscription = ends.hearing.listen(to: loop) { heard.raise() }
            ends.ringing.ring(loop)
            await heard.wait()
            subscription.cancel()
        }
    }

    private static func reachesNobodyElse(_ ends: BellEnds) async throws {
        let wrong = Flag()
        let right = Flag()
        let others = LoopName.allCases.filter { $0 != .relay }.map { ends.hearing.listen(to: $0) { wrong.raise() } }
        let subscription = ends.hearing.listen(to: .relay) { right.raise() }
        ends.ringing.ring(.relay)
        await right.wait()
        #expect(!wrong.isRaised)
        for other in others + [subscription] { other.cancel() }
    }

    private static func several(_ ends: BellEnds) async throws {
        let heard = [Flag(), Flag(), Flag()]
        let subscriptions = heard.map { flag in ends.hearing.listen(to: .dispatchMatch) { flag.raise() } }
        ends.ringing.ring(.dispatchMatch)
        for flag in heard { await flag.wait() }
        for subscription in subscriptions { subscription.cancel() }
    }

    private static func cancellation(_ ends: BellEnds) async throws {
        let gone = Flag()
        let here = Flag()
        let first = ends.hearing.listen(to: .relay) { gone.raise() }
        let second = ends.hearing.listen(to: .relay) { here.raise() }
        first.cancel()
        first.cancel()
        ends.ringing.ring(.relay)
        await here.wait()
        #expect(!gone.isRaised)
        second.cancel()
    }

    private static func nobody(_ ends: BellEnds) async throws {
        for loop in LoopName.allCases { ends.ringing.ring(loop) }
    }

    private static func reentrant(_ ends: BellEnds) async throws {
        let answered = Flag()
        let held = Mutex<BellSubscription?>(nil)
        let answer = ends.hearing.listen(to: .dispatchMatch) { answered.raise() }
        let subscription = ends.hearing.listen(to: .schedulingClassify) {
            held.withLock { $0 }?.cancel()
            ends.hearing.listen(to: .relay) {}.cancel()
            ends.hearing.ring(.dispatchMatch)
        }
        held.withLock { $0 = subscription }
        ends.ringing.ring(.schedulingClassify)
        await answered.wait()
        answer.cancel()
    }

    private static func manyThreads(_ ends: BellEnds) async throws {
        let heard = Mutex(0)
        let last = Flag()
        let isLast = Flag()
        let subscription = ends.hearing.listen(to: .relay) {
            heard.withLock { $0 += 1 }
            if isLast.isRaised { last.raise() }
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<500 { ends.ringing.ring(.relay) } }
            }
        }
        isLast.raise()
        ends.ringing.ring(.relay)
        await last.wait()
        #expect(heard.withLock { $0 } <= 2001)
        subscription.cancel()
    }

    private static func reconnect(_ ends: BellEnds) async throws {
        let told = Flag()
        let gone = Flag()
        let first = ends.hearing.watch { if $0 == .reconnected { gone.raise() } }
        let second = ends.hearing.watch { if $0 == .reconnected { told.raise() } }
        first.cancel()
        ends.hearing.announceReconnect()
        await told.wait()
        #expect(!gone.isRaised)
        second.cancel()
    }

    private static func health(_ ends: BellEnds) async throws {
        #expect(ends.hearing.health == .healthy)
        #expect(BellHealth.healthy.sweepInterval == .seconds(60))
        #expect(BellHealth.degraded("refused").sweepInterval == .seconds(1))
        #expect(BellHealth.none.sweepInterval == .seconds(1))
    }
}
