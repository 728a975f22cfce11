import Wire

/// The events and the fields of their data, as docs/events.md shows them.
enum EventTable {
    static var text: String {
        var lines = ["A field with `?` is there only when there is something to say.", ""]
        lines += ["| event | of | when | data |", "|---|---|---|---|"]
        for entry in EventEntry.all {
            let fields = entry.fields.map { $0.isAlways ? $0.name : "\($0.name)?" }.joined(separator: ", ")
            lines.append("| `\(entry.kind.rawValue)` | \(entry.entity.rawValue) | \(entry.summary) | \(fields) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
