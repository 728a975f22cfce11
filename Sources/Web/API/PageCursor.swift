import HTTPDoor
import Storage
import Wire

/// The `after` of a list: opaque to clients, the last id of the page before to us.
enum PageCursor {
    static func text(_ id: Int64) -> String { "p" + String(id, radix: 36) }

    static func id(_ text: String) -> Int64? {
        // As it is written above, and no other way.
        guard text.first == "p", text.utf8.count <= 13, let id = Int64(text.dropFirst(), radix: 36), id > 0, self.text(id) == text else { return nil }
        return id
    }
}

extension QueryParameters {
    static let page: Set<String> = ["limit", "order", "after", "since", "until"]

    /// The page that is asked for.
    func page<Fields: Sendable & Hashable>(_ fields: Fields) throws -> PageQuery<Fields> {
        var query = PageQuery(fields, limit: try limit())
        switch text("order") {
        case nil, "desc": break
        case "asc": query.ascending = true
        default: throw Problem.invalidParameter("order", "expected asc or desc")
        }
        query.times = TimeRange(since: try time("since"), until: try time("until"))
        if let after = text("after") {
            guard let id = PageCursor.id(after) else {
                throw Problem.invalidParameter("after", "expected the `next` of the page before")
            }
            query.after = id
        }
        return query
    }
}
