/// Turns what a build printed into markup: colours become spans, every other terminal command is dropped. Bytes may come in pieces cut anywhere.
struct ANSIRenderer {
    private enum State {
        case text
        case escape
        /// Inside `ESC [`: the parameters so far.
        case control([UInt8])
        /// Inside a string for the terminal (a title, a link), which ends with BEL or `ESC \`.
        case string(length: Int, escaped: Bool)
        /// One more byte belongs to the sequence.
        case oneMore
    }

    /// What is longer is no command, and what follows is text again.
    private static let longestControl = 64
    private static let longestString = 4096

    private var state = State.text
    private var style = ANSIStyle()
    /// Text of the present style that is not written yet.
    private var pending: [UInt8] = []
    private var html = HTML.empty
    private var lastWasReturn = false
    /// Something was shown before, if in an earlier piece.
    private var hasText = false

    /// The markup of the next bytes. An unfinished character or command waits for the bytes after it.
    mutating func render(_ bytes: some Sequence<UInt8>) -> HTML {
        for byte in bytes { read(byte) }
        flush(keepingUnfinished: true)
        defer { html = .empty }
        return html
    }

    /// The markup of what waited for more.
    mutating func finish() -> HTML {
        flush(keepingUnfinished: false)
        defer { html = .empty }
        return html
    }

    private mutating func read(_ byte: UInt8) {
        switch state {
        case .text: readText(byte)
        case .escape: readEscape(byte)
        case .control(let parameters): readControl(byte, parameters)
        case .string(let length, let escaped): readString(byte, length: length, escaped: escaped)
        case .oneMore: state = .text
        }
    }

    private mutating func readText(_ byte: UInt8) {
        // A return without a newline would write over its line; here the line goes on below.
        if lastWasReturn, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { pending.append(UInt8(ascii: "\n")) }
        lastWasReturn = byte == UInt8(ascii: "\r") && (lastWasReturn || hasText)
        switch byte {
        case 0x1B: state = .escape
        case UInt8(ascii: "\n"), UInt8(ascii: "\t"), 0x20..<0x7F, 0x80...:
            pending.append(byte)
            hasText = true
        default: break
        }
    }

    private mutating func readEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "["): state = .control([])
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"): state = .string(length: 0, escaped: false)
        case 0x20...0x2F: state = .oneMore
        case 0x1B: break
        default: state = .text
        }
    }

    private mutating func readControl(_ byte: UInt8, _ parameters: [UInt8]) {
        switch byte {
        case 0x20...0x3F where parameters.count < Self.longestControl: state = .control(parameters + [byte])
        case 0x40...0x7E:
            state = .text
            if byte == UInt8(ascii: "m") { select(parameters) }
        case 0x1B: state = .escape
        default: state = .text
        }
    }

    private mutating func readString(_ byte: UInt8, length: Int, escaped: Bool) {
        if byte == 0x07 || (escaped && byte == UInt8(ascii: "\\")) || length > Self.longestString {
            state = .text
        } else if byte == UInt8(ascii: "\n") {
            // No such string goes over lines: it was cut off, and the log goes on.
            state = .text
            readText(byte)
        } else {
            state = .string(length: length + 1, escaped: byte == 0x1B)
        }
    }

    private mutating func select(_ parameters: [UInt8]) {
        guard parameters.allSatisfy({ (0x30...0x3B).contains($0) }) else { return }
        let numbers = parameters.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ":") }
            .map { $0.isEmpty ? 0 : Int(String(decoding: $0, as: UTF8.self)) ?? -1 }
        var next = style
        next.apply(numbers)
        guard next != style else { return }
        flush(keepingUnfinished: false)
        style = next
    }

    private mutating func flush(keepingUnfinished: Bool) {
        let unfinished = keepingUnfinished ? Self.unfinished(pending) : 0
        let text = String(decoding: pending.dropLast(unfinished), as: UTF8.self)
        pending = Array(pending.suffix(unfinished))
        guard !text.isEmpty else { return }
        let classes = style.classes
        html += classes.isEmpty ? HTML.escaped(text) : "<span class=\"\(classes)\">\(text)</span>"
    }

    /// How many bytes at the end begin a character whose rest has not come (RFC 3629).
    private static func unfinished(_ bytes: [UInt8]) -> Int {
        for (distance, byte) in bytes.suffix(3).reversed().enumerated() {
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : byte < 0x80 ? 1 : 0
            if length == 0 { continue }
            return length > distance + 1 ? distance + 1 : 0
        }
        return 0
    }
}
