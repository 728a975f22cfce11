import Domain
import Foundation
import ServiceLifecycle
import Signals
import Storage
import Synchronization

/// Shows on standard output what happens, and for `--once` finds out when to end and with what. Reads the outbox when a commit wakes it; asks nothing while
/// nothing happens.
final class ProgressService: Service {
    private let store: any OutboxStore & QueryStore
    private let printer: ProgressPrinter?
    private let terminal: Bool
    private let once: OnceWait?
    private let wakes: AsyncStream<Void>
    /// What other processes did is told by a ring, and where events wait for a tick, what this one did as well.
    private let rings: BellSubscription
    private let live = Mutex(LiveLine())

    private static let batch = 500

    init(store: any OutboxStore & QueryStore, bell: any Doorbell, printer: ProgressPrinter?, terminal: Bool, once: OnceWait?) {
        self.store = store
        self.printer = printer
        self.terminal = terminal && printer != nil
        self.once = once
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wakes = stream
        if store.showsEventsAtOnce { store.onEvents { continuation.yield() } }
        rings = bell.listen(to: .events) { continuation.yield() }
    }

    func run() async throws {
        var cursor = try await store.latestCursor()
        let ticking = terminal ? Task { await tick() } : nil
        defer { ticking?.cancel() }
        // The first look is not for a wake: something may have happened before this began to listen.
        await drain(&cursor)
        for await _ in wakes.cancelOnGracefulShutdown() { await drain(&cursor) }
        // What the other services did while they stopped.
        await drain(&cursor)
        rings.cancel()
        if terminal { write(live.withLock { $0.erase() }) }
    }

    private func drain(_ cursor: inout EventCursor) async {
        while let records = try? await store.events(after: cursor, limit: Self.batch), let last = records.last {
            for record in records { show(record) }
            cursor = last.cursor
        }
    }

    private func show(_ record: EventRecord) {
        if let printer, let line = printer.line(for: record) {
            let text = live.withLock { live in
                live.follow(record)
                return terminal ? live.erase() + line + "\n" + live.text(now: Self.now) : line + "\n"
            }
            write(text)
        }
        once?.saw(record)
    }

    /// Redraws the last line of a terminal each second while something runs.
    private func tick() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            let text = live.withLock { $0.isEmpty ? "" : $0.erase() + $0.text(now: Self.now) }
            if !text.isEmpty { write(text) }
        }
    }

    private func write(_ text: String) {
        Console.output.write(text)
    }

    private static var now: Timestamp { Timestamp(seconds: Date().timeIntervalSince1970) }
}
