import Domain
import HTTPDoor
import Hummingbird
import NIOCore
import ServiceLifecycle
import Storage
import Wire

/// Events in pages, for those who cannot read a stream: answered as soon as there is one, or empty when the time is over.
extension WebService {
    /// How many events are looked at for one answer. With a filter that lets few through a page may be empty; its cursor has come further all the same.
    private static let mostLookedAt = 20_000
    private static let batch = 500

    func eventPage(after start: EventCursor, _ filter: EventFilter, _ wait: Duration, _ context: DoorContext) async throws -> Response {
        guard wait > .zero else { return try await Self.look(store, EventPage(start), filter).response }
        return try await waiters.within(of: context.waiter) {
            let news = feed.subscribe()
            let first = try await Self.look(store, EventPage(start), filter)
            guard first.isWanting else { return try first.response }
            let pages = LastPage(first)
            let store = store
            let found = try await Self.bounded(wait, context) { () -> EventPage? in
                for await item in news.cancelOnGracefulShutdown() {
                    var page = pages.page
                    switch item {
                    case .beat: continue
                    // The feed has read them already, once for all who wait.
                    case .events(let after, let records) where after <= page.cursor: page.take(records, filter)
                    case .events, .lookAgain: page = try await Self.look(store, page, filter)
                    }
                    pages.page = page
                    if !page.isWanting { return page }
                }
                return nil
            }
            return try (found ?? pages.page).response
        }
    }

    private static func look(_ store: any OutboxStore, _ page: EventPage, _ filter: EventFilter) async throws -> EventPage {
        var page = page
        var looked = 0
        while looked < mostLookedAt, page.items.count < filter.limit {
            let records = try await store.events(after: page.cursor, limit: batch)
            page.take(records, filter)
            if page.items.count == filter.limit { return page }
            looked += records.count
            if records.count < batch { break }
        }
        page.isCut = looked >= mostLookedAt
        return page
    }
}

/// Events behind a cursor, and how far they were looked for.
private struct EventPage: Sendable {
    var items: [EventRecord] = []
    var cursor: EventCursor
    /// There is more to look at.
    var isCut = false

    init(_ cursor: EventCursor) {
        self.cursor = cursor
    }

    /// Goes on by those that lie behind it, as far as there is room.
    mutating func take(_ records: [EventRecord], _ filter: EventFilter) {
        for record in records where record.cursor > cursor {
            guard items.count < filter.limit else { return }
            cursor = record.cursor
            if filter.wants(record) { items.append(record) }
        }
    }

    /// It is worth waiting for more.
    var isWanting: Bool { items.isEmpty && !isCut }

    var response: Response {
        get throws {
            var buffer = ByteBuffer(string: "{\"items\":[")
            for (place, record) in items.enumerated() {
                if place > 0 { buffer.writeString(",") }
                buffer.writeBytes(EventDocument.json(record))
            }
            buffer.writeString("],\"next\":\"\(cursor)\"}")
            return Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: buffer))
        }
    }
}
