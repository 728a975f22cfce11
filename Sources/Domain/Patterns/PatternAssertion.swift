/// What a pattern may ask of a place between two scalars, without reading any.
enum PatternAssertion {
    case start
    case end
    case wordBoundary
    case noWordBoundary

    /// - Parameters: the neighbours of the place; nil beyond the text.
    @inline(__always) func holds(before: UInt32?, after: UInt32?) -> Bool {
        switch self {
        case .start: before == nil
        case .end: after == nil
        case .wordBoundary: Self.isBoundary(before, after)
        case .noWordBoundary: !Self.isBoundary(before, after)
        }
    }

    private static func isBoundary(_ before: UInt32?, _ after: UInt32?) -> Bool { isWord(before) != isWord(after) }

    private static func isWord(_ scalar: UInt32?) -> Bool { scalar.map { ScalarKind.word.contains($0) } ?? false }
}
