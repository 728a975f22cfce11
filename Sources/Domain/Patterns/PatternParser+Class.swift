/// Classes, and the escapes that stand in and outside of them.
extension PatternParser {
    enum Element {
        case scalar(Unicode.Scalar)
        case kind(ScalarKind, isNegated: Bool)
    }

    /// - Precondition: the place is after the `[`.
    mutating func characterClass(openedAt start: Int) throws(PatternFault) -> ScalarSet {
        let isNegated = take("^")
        var items: [ScalarSet.Item] = []
        // As in grep and Python, a "]" that comes first stands for itself.
        while items.isEmpty || next != "]" {
            guard next != nil else { throw PatternFault(.unclosedClass, at: start) }
            items.append(try item(openedAt: start))
        }
        place += 1
        return ScalarSet(items, isNegated: isNegated, ignoresCase: ignoresCase)
    }

    private mutating func item(openedAt start: Int) throws(PatternFault) -> ScalarSet.Item {
        let first = place
        let lower = try element(openedAt: start)
        // A hyphen that comes last stands for itself.
        guard next == "-", let end = scalar(1), end != "]" else {
            switch lower {
            case .scalar(let scalar): return .range(scalar.value...scalar.value)
            case .kind(let kind, let isNegated): return .kind(kind, isNegated: isNegated)
            }
        }
        place += 1
        guard case .scalar(let lower) = lower, case .scalar(let upper) = try element(openedAt: start) else {
            throw PatternFault(.rangeOfClasses, at: first)
        }
        guard lower <= upper else { throw PatternFault(.rangeUpsideDown(first: String(lower), last: String(upper)), at: first) }
        return .range(lower.value...upper.value)
    }

    private mutating func element(openedAt start: Int) throws(PatternFault) -> Element {
        guard let next else { throw PatternFault(.unclosedClass, at: start) }
        if next == "[", scalar(1) == ":" { throw PatternFault(.namedClass, at: place) }
        place += 1
        return next == "\\" ? try escapedElement() : .scalar(next)
    }

    /// - Precondition: the place is after the `\`.
    mutating func escapedElement() throws(PatternFault) -> Element {
        guard let next else { throw PatternFault(.unfinishedEscape, at: place - 1) }
        place += 1
        switch next {
        case "d", "D": return .kind(.digit, isNegated: next == "D")
        case "w", "W": return .kind(.word, isNegated: next == "W")
        case "s", "S": return .kind(.space, isNegated: next == "S")
        case "n": return .scalar("\n")
        case "r": return .scalar("\r")
        case "t": return .scalar("\t")
        // Letters and digits are kept for escapes that there may be one day.
        case "a"..."z", "A"..."Z", "0"..."9": throw PatternFault(.unknownEscape(String(next)), at: place - 2)
        default: return .scalar(next)
        }
    }
}
