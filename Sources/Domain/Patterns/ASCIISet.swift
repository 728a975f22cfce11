/// Which of the 128 ASCII scalars are in a set, one bit each.
struct ASCIISet: Hashable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// - Precondition: the value is below 128.
    @inline(__always) func contains(_ value: UInt32) -> Bool {
        (value < 64 ? low : high) & (1 << UInt64(value & 63)) != 0
    }

    mutating func insert(_ value: UInt32) {
        if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value & 63) }
    }

    mutating func formUnion(_ other: Self) {
        low |= other.low
        high |= other.high
    }
}
