/// The other case of a scalar, where that is one scalar too: `ß` stays as it is.
enum ScalarCase {
    static func lower(_ value: UInt32) -> UInt32 {
        if value < 128 { return 65...90 ~= value ? value + 32 : value }
        return single(Unicode.Scalar(value)?.properties.lowercaseMapping) ?? value
    }

    static func upper(_ value: UInt32) -> UInt32 {
        if value < 128 { return 97...122 ~= value ? value - 32 : value }
        return single(Unicode.Scalar(value)?.properties.uppercaseMapping) ?? value
    }

    private static func single(_ mapping: String?) -> UInt32? {
        guard let scalars = mapping?.unicodeScalars, let first = scalars.first, scalars.count == 1 else { return nil }
        return first.value
    }
}
