import Domain

/// One row of a result. Columns are read by their place; a value of another type than the code expects reads as nothing (0, an empty text) and ends the
/// transaction with an error, so that what was concluded from it is never committed or told.
struct PostgresRow: Sendable {
    fileprivate let result: PostgresResult
    fileprivate let number: Int32

    init(result: PostgresResult, number: Int32) {
        self.result = result
        self.number = number
    }

    /// How many columns it has.
    var columns: Int32 { result.columns }

    subscript(_ place: Int) -> String { expected(self[place], place, "a text", "") }
    subscript(_ place: Int) -> String? { value(place).map { String(decoding: $0, as: UTF8.self) } }
    subscript(_ place: Int) -> Int64 { expected(self[place], place, "an integer", 0) }
    subscript(_ place: Int) -> Int64? { value(place).flatMap { whole($0, place) } }
    subscript(_ place: Int) -> Int { Int(self[place] as Int64) }
    subscript(_ place: Int) -> Int? { (self[place] as Int64?).map { Int($0) } }
    subscript(_ place: Int) -> Int32? { (self[place] as Int64?).flatMap { Int32(exactly: $0) } }
    subscript(_ place: Int) -> Bool {
        guard let value = value(place), value.count == 1 else { return expected(nil, place, "a boolean", false) }
        return value[0] == UInt8(ascii: "t")
    }
    subscript(_ place: Int) -> Timestamp { Timestamp(microseconds: self[place]) }
    subscript(_ place: Int) -> Timestamp? { (self[place] as Int64?).map { Timestamp(microseconds: $0) } }

    /// A `bytea` column, which comes as `\x` and hexadecimal digits.
    func bytes(_ place: Int) -> [UInt8] {
        guard let text = value(place), text.count >= 2, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x") else {
            return expected(nil, place, "bytes", [])
        }
        let count = (text.count - 2) / 2
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            for index in 0..<count { bytes[index] = Self.digit(text[2 * index + 2]) << 4 | Self.digit(text[2 * index + 3]) }
            filled = count
        }
    }

    private func value(_ place: Int) -> UnsafeBufferPointer<UInt8>? { result.value(number, place) }

    private func whole(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Int64? {
        let isNegative = text.first == UInt8(ascii: "-")
        var value: Int64 = 0
        for byte in text.dropFirst(isNegative ? 1 : 0) {
            // Downwards, because the smallest number has no positive counterpart.
            let (product, tooSmall) = value.multipliedReportingOverflow(by: 10)
            let (sum, smaller) = product.subtractingReportingOverflow(Int64(byte) - 0x30)
            guard (0x30...0x39).contains(byte), !tooSmall, !smaller else { return expected(nil, place, "an integer", nil) }
            value = sum
        }
        guard text.count > (isNegative ? 1 : 0), isNegative || value != .min else { return expected(nil, place, "an integer", nil) }
        return isNegative ? value : -value
    }

    private func expected<T>(_ value: T?, _ place: Int, _ what: String, _ nothing: T) -> T {
        if let value { return value }
        result.faults.note("column \(place + 1) of \(result.columns) holds something other than \(what)")
        return nothing
    }

    private static func digit(_ byte: UInt8) -> UInt8 { byte >= UInt8(ascii: "a") ? byte &- 0x57 : byte &- 0x30 }
}
