import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Storage
import Wire

extension WebService {
    private static let batch = 500

    func addEventRoutes(to router: DoorRouter) {
        router.get("/api/v1/events") { request, context in
            var filter = try EventFilter(request)
            filter.projects = context.principal.projects.map { Set($0.map { RoutingKey.word($0) }) }
            let start = try await startingCursor(request, filter)
            if let wait = filter.wait { return try await eventPage(after: start, filter, request.method == .head ? .zero : wait, context) }
            return Response(
                status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: events(after: start, filter))
        }
        router.get("/api/v1/events/latest") { request, _ in
            _ = try QueryParameters(request, known: [])
            return try Response.json(["cursor": try await store.latestCursor().description])
        }
    }

    private func startingCursor(_ request: Request, _ filter: EventFilter) async throws -> EventCursor {
        let header = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
        guard let text = header ?? filter.since else { return try await store.latestCursor() }
        let oldest = try await store.oldestCursor()
        if text == "0" { return oldest }
        guard let cursor = EventCursor(text) else {
            throw Problem.invalidParameter(header == nil ? "since" : "Last-Event-ID", "expected the id of an event, or 0 for the oldest that is kept")
        }
        guard cursor.epoch == store.epoch, cursor >= oldest else {
            throw Problem.gone("the events behind \(cursor) are not kept any more: read the state from the API, then start without a cursor")
        }
        // A deployment that was set back has not come that far yet: what follows there is not what follows here.
        guard cursor <= (try await store.latestCursor()) else {
            throw Problem.gone("there are no events as far as \(cursor): read the state from the API, then start without a cursor")
        }
        return cursor
    }

    private func events(after start: EventCursor, _ filter: EventFilter) -> ResponseBody {
        ResponseBody { writer in
            var stream = EventStreamWriter(writer: writer, filter: filter, cursor: start)
            // Subscribed before the first read, so that nothing falls between the two.
            let news = filter.follows ? feed.subscribe() : nil
            try await catchUp(&stream)
            if let news, !stream.isFull { try await follow(news, &stream) }
            try await stream.finish()
        }
    }

    private func catchUp(_ stream: inout EventStreamWriter) async throws {
        while true {
            let records = try await store.events(after: stream.cursor, limit: Self.batch)
            try await stream.write(records)
            if records.count < Self.batch || stream.isFull { return }
        }
    }

    private func follow(_ news: AsyncStream<EventNews>, _ stream: inout EventStreamWriter) async throws {
        try await stream.comment("here")
        // The server waits for open streams before it stops, so they end when it is told to, not when the feed ends after it.
        for await item in news.cancelOnGracefulShutdown() {
            switch item {
            case .beat: try await stream.comment("here")
            case .lookAgain: try await catchUp(&stream)
            case .events(let after, let records):
                // A gap between what was sent and what is told can only be read from the store.
                if after > stream.cursor {
                    try await catchUp(&stream)
                } else {
                    try await stream.write(records)
                }
            }
            if stream.isFull { return }
        }
    }
}

/// Which events a subscriber wants.
struct EventFilter: Sendable {
    var patterns: [TopicPattern] = []
    var since: String?
    var follows = true
    /// The words of the only projects whose events are told; nil: all events, those of no project too.
    var projects: Set<String>?
    /// A page is wanted, within this time; nil: a stream.
    var wait: Duration?
    var limit = Int.max

    /// Patterns of one subscriber.
    private static let mostPatterns = 20

    init(_ request: Request) throws {
        let others = try QueryParameters(request, known: ["follow", "since", "wait", "limit"], repeated: ["key"])
        wait = try others.wait()
        limit = try others.limit(normal: wait == nil ? .max : 100, most: 500)
        since = others.text("since")
        if let follow = others.text("follow") {
            guard follow == "0" || follow == "1" else { throw Problem.invalidParameter("follow", "expected 1 or 0") }
            follows = follow == "1"
        }
        for (name, value) in request.uri.queryParameters where name == "key" {
            guard patterns.count < Self.mostPatterns else { throw Problem.invalidParameter("key", "given more than \(Self.mostPatterns) times") }
            guard let pattern = TopicPattern(String(value)) else {
                throw Problem.invalidParameter("key", "expected words between dots, such as build.finished.#")
            }
            patterns.append(pattern)
        }
    }

    func wants(_ record: EventRecord) -> Bool {
        if let projects {
            let words = record.routingKey.split(separator: ".", maxSplits: 3)
            guard words.count > 2, projects.contains(String(words[2])) else { return false }
        }
        return patterns.isEmpty || patterns.contains { $0.matches(record.routingKey) }
    }
}
