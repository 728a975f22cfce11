import Signals

/// Batches of events on their way: what to send next, how each was settled, and which batch is complete. Pure.
///
/// Events go out in order, no more than a window of them unsettled. What is refused is sent again a few times after a pause, while the others go on.
struct PublishMachine {
    struct Completed: Hashable {
        var batch: UInt64
        var outcomes: [PublishOutcome]
    }

    private struct Batch {
        var events: [OutgoingEvent]
        var outcomes: [PublishOutcome?]
        var unsettled: Int
        var nextIndex = 0
    }

    private struct Item {
        var batch: UInt64
        var index: Int
        var tries: Int
    }

    private let window: Int
    private let tries: Int
    private let pause: Duration
    private var batches: [UInt64: Batch] = [:]
    /// Those with events that were never sent, oldest first.
    private var unsent: [UInt64] = []
    private var repeats: [(due: ContinuousClock.Instant, item: Item)] = []
    private var sent = ConfirmWindow<Item>()
    private(set) var refusals: UInt64 = 0
    /// Came back because there is no such queue; the broker confirms them nevertheless, afterwards.
    private var unroutable: Set<String> = []

    /// - Parameters:
    ///   - tries: how often an event is sent before its refusal is final.
    ///   - pause: before the second try; four times as long before each further one.
    init(window: Int, tries: Int, pause: Duration) {
        self.window = max(1, window)
        self.tries = max(1, tries)
        self.pause = pause
    }

    /// Messages that the broker has not settled, those of batches that nobody waits for included.
    var outstanding: Int { sent.count }
    var isIdle: Bool { batches.isEmpty }
    /// When an event is to be sent again; nil when none waits for that.
    var nextRepeat: ContinuousClock.Instant? { repeats.map(\.due).min() }

    /// Takes a batch that is not empty.
    mutating func add(_ number: UInt64, _ events: [OutgoingEvent]) {
        batches[number] = Batch(events: events, outcomes: Array(repeating: nil, count: events.count), unsettled: events.count)
        unsent.append(number)
    }

    /// The event to send now, with its place in the window taken; nil when none is due or the window is full.
    mutating func next(at now: ContinuousClock.Instant) -> OutgoingEvent? {
        guard sent.count < window else { return nil }
        while let place = repeats.firstIndex(where: { $0.due <= now }) {
            let item = repeats.remove(at: place).item
            guard let batch = batches[item.batch] else { continue }
            sent.sent(item)
            return batch.events[item.index]
        }
        while let number = unsent.first {
            guard var batch = batches[number] else {
                unsent.removeFirst()
                continue
            }
            let index = batch.nextIndex
            batch.nextIndex += 1
            if batch.nextIndex == batch.events.count { unsent.removeFirst() }
            let event = batch.events[index]
            batches[number] = batch
            sent.sent(Item(batch: number, index: index, tries: 1))
            return event
        }
        return nil
    }

    /// A message for one queue came back.
    mutating func returned(messageID: String) {
        unroutable.insert(messageID)
    }

    mutating func acknowledged(tag: UInt64, multiple: Bool) -> [Completed] {
        sent.settle(tag: tag, multiple: multiple).compactMap { item in
            let id = batches[item.batch]?.events[item.index].messageID
            let isLost = !unroutable.isEmpty && id.map { unroutable.remove($0) != nil } ?? false
            return settle(item, isLost ? .refused(reason: "there is no queue of that name") : .confirmed)
        }
    }

    mutating func refused(tag: UInt64, multiple: Bool, at now: ContinuousClock.Instant) -> [Completed] {
        sent.settle(tag: tag, multiple: multiple).compactMap { item in
            refusals += 1
            if item.tries < tries {
                var pause = pause
                for _ in 1..<item.tries { pause *= 4 }
                repeats.append((now + pause, Item(batch: item.batch, index: item.index, tries: item.tries + 1)))
                return nil
            }
            return settle(item, .refused(reason: "a queue refused it \(item.tries) times: it is full, or its node cannot take it"))
        }
    }

    private mutating func settle(_ item: Item, _ outcome: PublishOutcome) -> Completed? {
        // Nobody waits any more for a batch that is gone.
        guard batches[item.batch]?.outcomes[item.index] == .some(nil) else { return nil }
        batches[item.batch]?.outcomes[item.index] = outcome
        batches[item.batch]?.unsettled -= 1
        guard let batch = batches[item.batch], batch.unsettled == 0 else { return nil }
        batches[item.batch] = nil
        return Completed(batch: item.batch, outcomes: batch.outcomes.compactMap { $0 })
    }

    /// Nobody waits for this batch any more; what was sent of it stays in the window until it is settled.
    mutating func forget(_ number: UInt64) {
        batches[number] = nil
        repeats.removeAll { $0.item.batch == number }
    }

    /// Gives up all batches, while what was sent stays in the window until it is settled. Returns those whose fate is unknown.
    mutating func abandon() -> [UInt64] {
        let numbers = Array(batches.keys)
        for number in numbers { forget(number) }
        return numbers
    }

    /// The connection is gone, and with it all tags. Returns the batches whose fate is unknown.
    mutating func reset() -> [UInt64] {
        defer {
            batches = [:]
            unsent = []
            repeats = []
            sent = ConfirmWindow()
            unroutable = []
        }
        return Array(batches.keys)
    }
}
