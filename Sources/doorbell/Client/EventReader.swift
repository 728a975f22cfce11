/// Splits a stream of server-sent events (WHATWG HTML, section 9.2) into events, however the bytes are cut.
struct EventReader {
    struct Event {
        var id = ""
        var name = ""
        var data = ""
    }

    private var line: [UInt8] = []
    private var event = Event()

    mutating func read(_ bytes: [UInt8], _ take: (Event) throws -> Void) rethrows {
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                if byte != UInt8(ascii: "\r") { line.append(byte) }
                continue
            }
            let text = String(decoding: line, as: UTF8.self)
            line.removeAll(keepingCapacity: true)
            if text.isEmpty {
                if !event.data.isEmpty { try take(event) }
                event = Event()
            } else if let colon = text.firstIndex(of: ":"), colon > text.startIndex {
                var value = text[text.index(after: colon)...]
                if value.first == " " { value = value.dropFirst() }
                switch text[..<colon] {
                case "id": event.id = String(value)
                case "event": event.name = String(value)
                case "data": event.data += event.data.isEmpty ? String(value) : "\n" + value
                default: break
                }
            }
        }
    }
}
