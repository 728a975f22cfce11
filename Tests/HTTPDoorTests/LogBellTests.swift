import Domain
import Signals
import Synchronization
import Testing

@testable import HTTPDoor

@Suite struct LogBellTests {
    @Test("A follower hears its own log and the end of its build, and nothing else")
    func rings() async {
        let bell = LogBell()
        let build = BuildID(7)
        var mine = bell.rings(build: build, name: "1-unit").makeAsyncIterator()
        bell.ring(build: build, name: "2-lint", offset: 0, size: 1)
        bell.ring(build: BuildID(8), name: "1-unit", offset: 0, size: 1)
        bell.ring(build: build, name: "1-unit", offset: 0, size: 1)
        bell.ring(build: build, name: "1-unit", offset: 0, size: 1)
        #expect(await mine.next() != nil)
        bell.ringAll(build: build)
        #expect(await mine.next() != nil)
    }

    @Test("What is rung here is told to other processes; what they tell is heard by followers, and not told again")
    func otherProcesses() async {
        let told = Mutex<[LogNotice]>([])
        let bell = LogBell { notice in told.withLock { $0.append(notice) } }
        bell.ring(build: BuildID(7), name: "1-unit", offset: 10, size: 30)
        bell.ringAll(build: BuildID(7))
        #expect(told.withLock { $0 } == [LogNotice(build: 7, log: "1-unit", offset: 10, size: 30), LogNotice(build: 7, log: nil)])
        var mine = bell.rings(build: BuildID(7), name: "1-unit").makeAsyncIterator()
        bell.heard(LogNotice(build: 7, log: "1-unit", size: 40))
        #expect(await mine.next() != nil)
        bell.heard(LogNotice(build: 7, log: nil))
        #expect(await mine.next() != nil)
        #expect(told.withLock { $0.count } == 2)
    }

    @Test("Who stops following is forgotten")
    func unsubscribes() async {
        let bell = LogBell()
        let task = Task {
            for await _ in bell.rings(build: BuildID(1), name: "a") { break }
        }
        while bell.followerCount == 0 { await Task.yield() }
        bell.ring(build: BuildID(1), name: "a", offset: 0, size: 1)
        await task.value
        while bell.followerCount > 0 { await Task.yield() }
        #expect(bell.followerCount == 0)
    }
}
