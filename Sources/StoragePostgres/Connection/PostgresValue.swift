import Storage

/// A value on its way to the database. Arrays travel as PostgreSQL's array texts, for `unnest`.
enum PostgresValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral {
    case null
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    case bytes([UInt8])

    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .boolean(value) }
    init(nilLiteral: ()) { self = .null }

    static func text(_ value: String?) -> PostgresValue { value.map { .text($0) } ?? .null }
    static func integer(_ value: Int64?) -> PostgresValue { value.map { .integer($0) } ?? .null }
    static func integer(_ value: Int) -> PostgresValue { .integer(Int64(value)) }

    /// `{1,2,NULL}`.
    static func integers(_ values: some Sequence<Int64?>) -> PostgresValue {
        .text("{" + values.map { $0.map(String.init) ?? "NULL" }.joined(separator: ",") + "}")
    }

    static func integers(_ values: some Sequence<Int64>) -> PostgresValue {
        .text("{" + values.map(String.init).joined(separator: ",") + "}")
    }

    static func booleans(_ values: some Sequence<Bool>) -> PostgresValue {
        .text("{" + values.map { $0 ? "t" : "f" }.joined(separator: ",") + "}")
    }

    /// `{"a","b\"c",NULL}`.
    static func texts(_ values: some Sequence<String?>) -> PostgresValue {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for value in values {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            guard let value else {
                bytes.append(contentsOf: "NULL".utf8)
                continue
            }
            bytes.append(UInt8(ascii: "\""))
            for byte in value.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
        return .text(String(decoding: bytes, as: UTF8.self))
    }

    static func texts(_ values: some Sequence<String>) -> PostgresValue { texts(values.map { Optional($0) }) }
}
