/// Any text made into a name that is safe in a path and in a URL: letters, digits, `_`, `-` and, not at the start, `.` stay.
enum SafeName {
    static func make(_ text: String, limit: Int) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8.prefix(limit) {
            let isKept: Bool
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                isKept = true
            case UInt8(ascii: "."): isKept = !bytes.isEmpty
            default: isKept = false
            }
            bytes.append(isKept ? byte : UInt8(ascii: "_"))
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
