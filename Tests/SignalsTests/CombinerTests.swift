import Signals
import Testing

@Suite(.timeLimit(.minutes(2))) struct CombinerTests {
    private struct Refusal: Error, Equatable {}

    @Test("One submission alone is a batch at once: a quiet system adds no wait")
    func alone() async throws {
        let combiner = Combiner<Int, Int>(what: "numbers", maximumBatch: 10, maximumWaiting: 10) { $0.map { .success($0 * 2) } }
        #expect(try await combiner.submit(21) == 42)
        #expect(try await combiner.submit(4) == 8)
        #expect(combiner.statistics.batches == 2)
    }

    @Test("What comes while one batch is processed goes together as the next, in order of arrival")
    func combines() async throws {
        let batches = ManualBatches()
        let combiner = batches.combiner(maximumBatch: 100)
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await combiner.submit(0) }
            await batches.started(1)
            for number in 1...5 {
                group.addTask { try await combiner.submit(number) }
                await batches.waiting(number, at: combiner)
            }
            batches.finish()
            await batches.started(2)
            batches.finish()
            var answers: Set<Int> = []
            for try await answer in group { answers.insert(answer) }
            #expect(answers == Set(0...5))
        }
        #expect(batches.seen == [[0], [1, 2, 3, 4, 5]])
        #expect(combiner.statistics.largestBatch == 5)
    }

    @Test("A batch holds at most what it may; the rest goes with the next")
    func bounded() async throws {
        let batches = ManualBatches()
        let combiner = batches.combiner(maximumBatch: 2)
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await combiner.submit(0) }
            await batches.started(1)
            for number in 1...3 {
                group.addTask { try await combiner.submit(number) }
                await batches.waiting(number, at: combiner)
            }
            for count in 2...3 {
                batches.finish()
                await batches.started(count)
            }
            batches.finish()
            try await group.waitForAll()
        }
        #expect(batches.seen == [[0], [1, 2], [3]])
    }

    @Test("At its cap it refuses with an error that says so, and takes more once there is room")
    func overloaded() async throws {
        let batches = ManualBatches()
        let combiner = batches.combiner(maximumBatch: 10, maximumWaiting: 2)
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await combiner.submit(0) }
            await batches.started(1)
            for number in 1...2 {
                group.addTask { try await combiner.submit(number) }
                await batches.waiting(number, at: combiner)
            }
            let error = await #expect(throws: Overloaded.self) { try await combiner.submit(3) }
            #expect(error?.description == "2 numbers wait already: try again later")
            #expect(combiner.statistics.refused == 1)
            batches.finish()
            await batches.started(2)
            group.addTask { try await combiner.submit(4) }
            await batches.waiting(1, at: combiner)
            batches.finish()
            await batches.started(3)
            batches.finish()
            try await group.waitForAll()
        }
        #expect(batches.seen == [[0], [1, 2], [4]])
    }

    @Test("A submission that is cancelled while it waits is not handed over, and harms no neighbour")
    func cancelledWhileWaiting() async throws {
        let batches = ManualBatches()
        let combiner = batches.combiner(maximumBatch: 10)
        let first = Task { try await combiner.submit(0) }
        await batches.started(1)
        let second = Task { try await combiner.submit(1) }
        await batches.waiting(1, at: combiner)
        let third = Task { try await combiner.submit(2) }
        await batches.waiting(2, at: combiner)
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        batches.finish()
        await batches.started(2)
        batches.finish()
        #expect(try await first.value == 0)
        #expect(try await third.value == 2)
        #expect(batches.seen == [[0], [2]])
    }

    @Test("A submission that is cancelled after it was handed over still gets its answer")
    func cancelledWhileProcessed() async throws {
        let batches = ManualBatches()
        let combiner = batches.combiner(maximumBatch: 10)
        let task = Task { try await combiner.submit(7) }
        await batches.started(1)
        task.cancel()
        batches.finish()
        #expect(try await task.value == 7)
    }

    @Test("A submission from a task that is cancelled already is never handed over")
    func cancelledBefore() async throws {
        let batches = ManualBatches()
        let combiner = batches.combiner(maximumBatch: 10)
        let first = Task { try await combiner.submit(0) }
        await batches.started(1)
        let second = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await combiner.submit(1)
        }
        await #expect(throws: CancellationError.self) { try await second.value }
        batches.finish()
        #expect(try await first.value == 0)
        #expect(batches.seen == [[0]])
    }

    @Test("Each submission gets its own answer, a refused one beside a good one")
    func answersAreApart() async throws {
        let combiner = Combiner<Int, Int>(what: "numbers", maximumBatch: 10, maximumWaiting: 100) { batch in
            batch.map { $0.isMultiple(of: 2) ? .success($0) : .failure(Refusal()) }
        }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    do {
                        let answer = try await combiner.submit(number)
                        #expect(answer == number && number.isMultiple(of: 2))
                    } catch {
                        #expect(error is Refusal && !number.isMultiple(of: 2))
                    }
                }
            }
        }
    }

    @Test("An error of the whole batch is everybody's answer, and the next batch goes on")
    func batchFails() async throws {
        let combiner = Combiner<Int, Int>(what: "numbers", maximumBatch: 10, maximumWaiting: 10) { batch in
            if batch.contains(13) { throw Refusal() }
            return batch.map { .success($0) }
        }
        await #expect(throws: Refusal.self) { try await combiner.submit(13) }
        #expect(try await combiner.submit(14) == 14)
    }

    @Test("Too few or too many answers are told to nobody as an answer", arguments: [0, 2])
    func mismatch(answers: Int) async throws {
        let combiner = Combiner<Int, Int>(what: "numbers", maximumBatch: 10, maximumWaiting: 10) { batch in
            Array(repeating: .success(batch[0]), count: answers)
        }
        let error = await #expect(throws: CombinerMismatch.self) { try await combiner.submit(1) }
        #expect(error?.answered == answers)
    }

    @Test("Under many submitters, some of whom give up, each gets one answer and everything handed over is processed once")
    func storm() async throws {
        let counted = CountedInputs()
        let combiner = Combiner<Int, Int>(what: "numbers", maximumBatch: 64, maximumWaiting: 10_000) { batch in
            await Task.yield()
            return batch.map { .success(counted.note($0)) }
        }
        let answered = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<5000 {
                group.addTask {
                    let task = Task { try await combiner.submit(number) }
                    if number.isMultiple(of: 3) { task.cancel() }
                    return try? await task.value
                }
            }
            return await group.reduce(into: Set<Int>()) { if let answer = $1 { $0.insert(answer) } }
        }
        #expect(counted.repeated == 0)
        #expect(answered == counted.seen)
        #expect(answered.isSuperset(of: (0..<5000).filter { !$0.isMultiple(of: 3) }))
        #expect(combiner.waitingCount == 0)
    }
}
