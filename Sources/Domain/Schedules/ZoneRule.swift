/// A time zone, as the seconds by which its clocks are ahead at any moment. Whoever knows zones hands it in.
public struct ZoneRule: Sendable {
    /// Both in seconds; the moment since 1970.
    public var offset: @Sendable (_ moment: Int64) -> Int64

    public init(offset: @escaping @Sendable (_ moment: Int64) -> Int64) {
        self.offset = offset
    }

    public static let utc = ZoneRule { _ in 0 }

    /// The moment at which clocks show this time: the first of two, or the end of the gap that it lies in.
    func moment(_ local: Int64) -> Int64 {
        let before = offset(local - 86_400)
        let after = offset(local + 86_400)
        if offset(local - before) == before { return local - before }
        if offset(local - after) == after { return local - after }
        var (low, high) = (local - 86_400, local + 86_400)
        while high - low > 1 {
            let middle = (low + high) / 2
            if offset(middle) == before { low = middle } else { high = middle }
        }
        return high
    }
}
