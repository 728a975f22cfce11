/// The arguments of one statement, laid out as libpq takes them: one buffer, and a pointer into it for each.
struct PostgresArguments {
    private var storage: [UInt8] = []
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init() {}

    /// - Throws: for a text with a zero byte, which no text of PostgreSQL can hold, and for a value longer than a message can be.
    init(_ values: [PostgresValue]) throws(PostgresError) {
        for value in values {
            let start = storage.count
            var isBinary = false
            switch value {
            case .null:
                offsets.append(nil)
                lengths.append(0)
                formats.append(0)
                continue
            case .text(let text):
                storage.append(contentsOf: text.utf8)
                // libpq reads a text up to its zero byte, and would cut it there.
                guard !storage[start...].contains(0) else { throw Self.refused("22021") }
            case .integer(let number): storage.append(contentsOf: String(number).utf8)
            case .boolean(let flag): storage.append(UInt8(ascii: flag ? "t" : "f"))
            case .bytes(let bytes):
                isBinary = true
                storage.append(contentsOf: bytes)
            }
            guard let length = Int32(exactly: storage.count - start), length < 1 << 30 else { throw Self.refused("54000") }
            offsets.append(start)
            lengths.append(length)
            formats.append(isBinary ? 1 : 0)
            storage.append(0)
        }
    }

    var byteCount: Int { storage.count }

    func withPointers<T>(_ body: (Int32, [UnsafePointer<CChar>?], [Int32], [Int32]) -> T) -> T {
        storage.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return body(Int32(offsets.count), offsets.map { offset in offset.flatMap { base?.advanced(by: $0) } }, lengths, formats)
        }
    }

    private static func refused(_ state: String) -> PostgresError {
        PostgresError(sqlState: state, message: "a value cannot be sent", isConnectionLost: false)
    }
}
