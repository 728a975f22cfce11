import Signals
import Synchronization
import TestSupport
import Testing

/// What every bell promises, whatever carries its rings.
@Suite(.timeLimit(.minutes(2))) struct BellConformanceTests {
    @Test("A ring reaches whoever listens to that loop", arguments: BellUnderTest.all)
    func reaches(bell: BellUnderTest) async throws {
        let ends = try await bell.make()
        for loop in LoopName.allCases {
            let heard = Flag()
            let subscription = ends.hearing.listen(to: loop) { heard.raise() }
            ends.ringing.ring(loop)
            await heard.wait()
            subscription.cancel()
        }
    }

    @Test("A ring reaches nobody who listens to other loops", arguments: BellUnderTest.all)
    func reachesNobodyElse(bell: BellUnderTest) async throws {
        let ends = try await bell.make()
        let wrong = Flag()
        let right = Flag()
        let others = LoopName.allCases.filter { $0 != .relay }.map { ends.hearing.listen(to: $0) { wrong.raise() } }
        let subscription = ends.hearing.listen(to: .relay) { right.raise() }
        ends.ringing.ring(.relay)
        await right.wait()
        #expect(!wrong.isRaised)
        for other in others + [subscription] { other.cancel() }
    }

    @Test("Several listen to one loop, and each hears", arguments: BellUnderTest.all)
    func several(bell: BellUnderTest) async throws {
        let ends = try await bell.make()
        let heard = [Flag(), Flag(), Flag()]
        let subscriptions = heard.map { flag in ends.hearing.listen(to: .dispatchMatch) { flag.raise() } }
        ends.ringing.ring(.dispatchMatch)
        for flag in heard { await flag.wait() }
        for subscription in subscriptions { subscription.cancel() }
    }

    @Test("After its cancellation a listener hears nothing, and the others go on", arguments: BellUnderTest.all)
    func cancellation(bell: BellUnderTest) async throws {
        let ends = try await bell.make()
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

    @Test("A ring with nobody listening costs nothing and is no error", arguments: BellUnderTest.all)
    func nobody(bell: BellUnderTest) async throws {
        let ends = try await bell.make()
        for loop in LoopName.allCases { ends.ringing.ring(loop) }
    }

    @Test("A listener may ring, listen and cancel while it is called", arguments: BellUnderTest.all)
    func reentrant(bell: BellUnderTest) async throws {
        let ends = try await bell.make()
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

    @Test("Rings from many threads at once are heard, at least the last", arguments: BellUnderTest.all)
    func manyThreads(bell: BellUnderTest) async throws {
        let ends = try await bell.make()
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

    @Test("A reconnect is told to whoever watches, until the subscription ends", arguments: BellUnderTest.all)
    func reconnect(bell: BellUnderTest) async throws {
        let ends = try await bell.make()
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

    @Test("A bell that carries rings is healthy, and says how long its silence may be relied on", arguments: BellUnderTest.all)
    func health(bell: BellUnderTest) async throws {
        let ends = try await bell.make()
        #expect(ends.hearing.health == .healthy)
        #expect(BellHealth.healthy.sweepInterval == .seconds(60))
        #expect(BellHealth.degraded("refused").sweepInterval == .seconds(1))
        #expect(BellHealth.none.sweepInterval == .seconds(1))
    }
}
