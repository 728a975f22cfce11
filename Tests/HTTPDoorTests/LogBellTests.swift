import Domain
import Testing

@testable import HTTPDoor

@Suite struct LogBellTests {
    @Test("A follower hears its own log and the end of its build, and nothing else")
    func rings() async {
        let bell = LogBell()
        let build = BuildID(7)
        var mine = bell.rings(build: build, name: "1-unit").makeAsyncIterator()
        bell.ring(build: build, name: "2-lint")
        bell.ring(build: BuildID(8), name: "1-unit")
        bell.ring(build: build, name: "1-unit")
        bell.ring(build: build, name: "1-unit")
        #expect(await mine.next() != nil)
        bell.ringAll(build: build)
        #expect(await mine.next() != nil)
    }

    @Test("Who stops following is forgotten")
    func unsubscribes() async {
        let bell = LogBell()
        let task = Task {
            for await _ in bell.rings(build: BuildID(1), name: "a") { break }
        }
        while bell.followerCount == 0 { await Task.yield() }
        bell.ring(build: BuildID(1), name: "a")
        await task.value
        while bell.followerCount > 0 { await Task.yield() }
        #expect(bell.followerCount == 0)
    }
}
