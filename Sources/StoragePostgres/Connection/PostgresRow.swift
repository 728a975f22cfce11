import Domain
import Storage

/// One row of a result. Columns are read by their place; a value of another type than the code expects ends the transaction with an error at its end.
struct PostgresRow: Sendable {
    let values: [String?]

    subscript(_ place: Int) -> String { values[place] ?? "" }
    subscript(_ place: Int) -> String? { values[place] }
    subscript(_ place: Int) -> Int64 { values[place].flatMap { Int64($0) } ?? 0 }
    subscript(_ place: Int) -> Int64? { values[place].flatMap { Int64($0) } }
    subscript(_ place: Int) -> Int { values[place].flatMap { Int($0) } ?? 0 }
    subscript(_ place: Int) -> Int? { values[place].flatMap { Int($0) } }
    subscript(_ place: Int) -> Int32? { values[place].flatMap { Int32($0) } }
    subscript(_ place: Int) -> Bool { values[place] == "t" }
    subscript(_ place: Int) -> Timestamp { Timestamp(microseconds: self[place]) }
    subscript(_ place: Int) -> Timestamp? { (self[place] as Int64?).map { Timestamp(microseconds: $0) } }

    /// A `bytea` column, which comes as `\x` and hexadecimal digits.
    func bytes(_ place: Int) -> [UInt8] {
        guard let text = values[place], text.hasPrefix("\\x") else { return [] }
        let digits = Array(text.utf8.dropFirst(2))
        return stride(from: 0, to: digits.count - 1, by: 2).map { Self.digit(digits[$0]) << 4 | Self.digit(digits[$0 + 1]) }
    }

    private static func digit(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "a") ? byte - UInt8(ascii: "a") + 10 : byte - UInt8(ascii: "0")
    }
}
