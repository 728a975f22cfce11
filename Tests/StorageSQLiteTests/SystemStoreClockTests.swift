import Domain
import Synchronization
import Testing

@testable import StorageSQLite

/// A clock that jumps must not end a lease early nor hold a timer up.
@Suite struct SystemStoreClockTests {
    private final class Machine: Sendable {
        let times = Mutex((wall: Int64(1_000_000_000), steady: Int64(5_000)))

        /// Time passes; somebody sets the wall clock by `jump` beside.
        func pass(_ microseconds: Int64, jump: Int64 = 0) {
            times.withLock { $0 = ($0.wall + microseconds + jump, $0.steady + microseconds) }
        }

        func clock() -> SystemStoreClock {
            SystemStoreClock(wall: { self.times.withLock { $0.wall } }, steady: { self.times.withLock { $0.steady } })
        }
    }

    @Test("It tells the machine's time while nobody sets that")
    func follows() {
        let machine = Machine()
        let clock = machine.clock()
        for _ in 0..<10 {
            machine.pass(123_457)
            #expect(clock.now().microseconds == machine.times.withLock { $0.wall })
        }
    }

    @Test("After a jump it runs at most an eighth faster or slower, never backwards", arguments: [3_600_000_000, -3_600_000_000] as [Int64])
    func jumps(_ jump: Int64) {
        let machine = Machine()
        let clock = machine.clock()
        machine.pass(1_000_000, jump: jump)
        var last = clock.now()
        for _ in 0..<100 {
            machine.pass(1_000_000)
            let now = clock.now()
            #expect((875_000...1_125_000).contains(now.since(last).microseconds))
            last = now
        }
    }

    @Test("It arrives at the machine's time again, however often it is asked", arguments: [1, 50, 1_000_000] as [Int64])
    func catchesUp(_ pause: Int64) {
        let machine = Machine()
        let clock = machine.clock()
        machine.pass(10, jump: 1_000)
        var passed: Int64 = 0
        while passed < 20_000 || passed < pause {
            machine.pass(pause)
            passed += pause
            _ = clock.now()
        }
        let behind = machine.times.withLock { $0.wall } - clock.now().microseconds
        #expect(abs(behind) <= 8)
    }
}
