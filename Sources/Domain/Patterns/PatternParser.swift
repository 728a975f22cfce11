/// Reads a pattern into a tree, by recursive descent of a bounded depth.
struct PatternParser {
    let scalars: [Unicode.Scalar]
    var place = 0
    private(set) var ignoresCase = false

    init(_ source: String) throws(PatternFault) {
        let count = source.unicodeScalars.count
        guard count <= Pattern.longestSource else { throw PatternFault(.tooLong(count), at: Pattern.longestSource) }
        scalars = Array(source.unicodeScalars)
    }

    mutating func pattern() throws(PatternFault) -> PatternNode {
        ignoresCase = take("(?i)")
        let node = try choice(depth: 0)
        guard place == scalars.count else { throw PatternFault(.unopenedGroup, at: place) }
        return node
    }

    var next: Unicode.Scalar? { scalar(0) }

    func scalar(_ ahead: Int) -> Unicode.Scalar? { place + ahead < scalars.count ? scalars[place + ahead] : nil }

    /// Moves past the text if it comes next.
    mutating func take(_ text: String) -> Bool {
        guard scalars[place...].starts(with: text.unicodeScalars) else { return false }
        place += text.unicodeScalars.count
        return true
    }

    private mutating func choice(depth: Int) throws(PatternFault) -> PatternNode {
        var options = [try sequence(depth: depth)]
        while take("|") { options.append(try sequence(depth: depth)) }
        return options.count == 1 ? options[0] : .choice(options)
    }

    private mutating func sequence(depth: Int) throws(PatternFault) -> PatternNode {
        var parts: [PatternNode] = []
        while let next, next != "|", next != ")" {
            let part = try atom(next, depth: depth)
            parts.append(try repeated(part))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom(_ scalar: Unicode.Scalar, depth: Int) throws(PatternFault) -> PatternNode {
        let start = place
        place += 1
        switch scalar {
        case "(": return try group(openedAt: start, depth: depth + 1)
        case "[": return .set(try characterClass(openedAt: start))
        case ".": return .set(ScalarSet([.range(10...10)], isNegated: true))
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case "\\": return try escape()
        case "*", "+", "?": throw PatternFault(.nothingToRepeat(String(scalar)), at: start)
        case "{":
            place = start
            _ = try quantifier()
            throw PatternFault(.nothingToRepeat("{"), at: start)
        default: return literal(scalar)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> PatternNode {
        let value = scalar.value
        guard ignoresCase, ScalarCase.lower(value) != value || ScalarCase.upper(value) != value else { return .scalar(value) }
        return .set(ScalarSet([.range(value...value)], ignoresCase: true))
    }

    private mutating func group(openedAt start: Int, depth: Int) throws(PatternFault) -> PatternNode {
        guard depth <= Pattern.deepestNesting else { throw PatternFault(.tooDeep, at: start) }
        if next == "?", !take("?:") { throw PatternFault(unsupportedGroup(), at: start) }
        let body = try choice(depth: depth)
        guard take(")") else { throw PatternFault(.unclosedGroup, at: start) }
        // What may be repeated is the group, whatever it holds.
        if case .assertion = body { return .sequence([body]) }
        return body
    }

    /// - Precondition: the place is at the `?` of `(?`.
    private func unsupportedGroup() -> PatternError.Reason {
        switch (scalar(1), scalar(2)) {
        case ("=", _), ("!", _), ("<", "="), ("<", "!"): .lookAround
        case ("<", _), ("'", _), ("P", "<"): .namedGroup
        case ("P", "="): .backReference
        case ("-", _), ("^", _): .misplacedFlag
        case (let flag?, _) where "a"..."z" ~= flag: .misplacedFlag
        default: .unknownGroup
        }
    }

    private mutating func escape() throws(PatternFault) -> PatternNode {
        guard let next else { throw PatternFault(.unfinishedEscape, at: place - 1) }
        switch next {
        case "b", "B":
            place += 1
            return .assertion(next == "b" ? .wordBoundary : .noWordBoundary)
        case "1"..."9", "k", "g": throw PatternFault(.backReference, at: place - 1)
        default:
            switch try escapedElement() {
            case .scalar(let scalar): return literal(scalar)
            case .kind(let kind, let isNegated): return .set(ScalarSet([.kind(kind, isNegated: isNegated)]))
            }
        }
    }

    private mutating func repeated(_ node: PatternNode) throws(PatternFault) -> PatternNode {
        let start = place
        guard let bounds = try quantifier() else { return node }
        // As in Python: a place is not there more often for being asked twice, so that this is a slip.
        if case .assertion = node { throw PatternFault(.nothingToRepeat(String(scalars[start])), at: start) }
        if next == "+" { throw PatternFault(.possessiveQuantifier, at: place) }
        _ = take("?")
        let end = place
        if try quantifier() != nil { throw PatternFault(.repeatedQuantifier, at: end) }
        return .repetition(node, least: bounds.least, most: bounds.most, place: start)
    }

    private mutating func quantifier() throws(PatternFault) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        return next == "{" ? try bounds() : nil
    }

    private mutating func bounds() throws(PatternFault) -> (least: Int, most: Int?) {
        let start = place
        place += 1
        guard let least = number() else { throw PatternFault(.strayBrace, at: start) }
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}") else { throw PatternFault(.strayBrace, at: start) }
        guard max(least, most ?? 0) <= Pattern.mostRepetitions else { throw PatternFault(.tooManyRepetitions, at: start) }
        if let most, most < least { throw PatternFault(.repetitionUpsideDown(least: least, most: most), at: start) }
        return (least, most)
    }

    /// However many digits there are, at most one more than is allowed.
    private mutating func number() -> Int? {
        var number: Int?
        while let next, "0"..."9" ~= next {
            number = min((number ?? 0) * 10 + Int(next.value - 48), Pattern.mostRepetitions + 1)
            place += 1
        }
        return number
    }
}
