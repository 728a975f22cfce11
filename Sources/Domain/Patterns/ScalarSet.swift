/// The scalars that one place of a pattern takes: a class, `.`, an escape such as `\d`, or a letter in either case.
struct ScalarSet: Hashable {
    enum Item: Hashable {
        case range(ClosedRange<UInt32>)
        case kind(ScalarKind, isNegated: Bool)
    }

    /// Sorted, and apart from each other.
    private let ranges: [ClosedRange<UInt32>]
    private let kinds: [Item]
    private let isNegated: Bool
    private let ignoresCase: Bool
    /// The answers for nearly all texts, worked out beforehand.
    private(set) var ascii = ASCIISet()

    init(_ items: [Item], isNegated: Bool = false, ignoresCase: Bool = false) {
        var ranges: [ClosedRange<UInt32>] = []
        var kinds: [Item] = []
        for item in items {
            switch item {
            case .range(let range):
                ranges.append(range)
                // Scalars of three forms, like σ, ς and Σ, meet in those of the set as well as in those of the text.
                guard ignoresCase, range.count == 1 else { continue }
                for form in [ScalarCase.lower(range.lowerBound), ScalarCase.upper(range.lowerBound)] { ranges.append(form...form) }
            case .kind: if !kinds.contains(item) { kinds.append(item) }
            }
        }
        self.ranges = Self.merged(ranges)
        self.kinds = kinds
        self.isNegated = isNegated
        self.ignoresCase = ignoresCase
        for value in 0..<UInt32(128) where decides(value) { ascii.insert(value) }
    }

    @inline(__always) func contains(_ value: UInt32) -> Bool {
        value < 128 ? ascii.contains(value) : decides(value)
    }

    private func decides(_ value: UInt32) -> Bool {
        let isListed =
            ranges(hold: value) || ignoresCase && (ranges(hold: ScalarCase.lower(value)) || ranges(hold: ScalarCase.upper(value)))
            || kinds.contains { if case .kind(let kind, let isOther) = $0 { kind.contains(value) != isOther } else { false } }
        return isListed != isNegated
    }

    private func ranges(hold value: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if value > ranges[middle].upperBound { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= value
    }

    private static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}
