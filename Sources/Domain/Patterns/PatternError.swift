/// Why a text is no pattern: where in it, what was found, and what to do.
public struct PatternError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case tooLong(Int)
        case tooLarge
        case tooDeep
        case tooManyRepetitions
        case nothingToRepeat(String)
        case repeatedQuantifier
        case possessiveQuantifier
        case strayBrace
        case repetitionUpsideDown(least: Int, most: Int)
        case unclosedGroup
        case unopenedGroup
        case unclosedClass
        case rangeUpsideDown(first: String, last: String)
        /// A range whose ends are not both single characters, as in `[a-\d]`.
        case rangeOfClasses
        /// `[[:alpha:]]`, which would otherwise read as something else.
        case namedClass
        case backReference
        case lookAround
        case namedGroup
        case misplacedFlag
        case unknownGroup
        case unfinishedEscape
        case unknownEscape(String)
    }

    /// In characters from the start of the pattern, the first being 0. Just past the last when something is missing there.
    public let offset: Int
    public let reason: Reason

    init(_ fault: PatternFault, in source: String) {
        let scalars = source.unicodeScalars
        let place = scalars.index(scalars.startIndex, offsetBy: fault.place, limitedBy: scalars.endIndex) ?? scalars.endIndex
        // A character may be many scalars; the one that holds the place counts.
        offset = place == scalars.endIndex ? source.count : max(0, source.indices.prefix { $0 <= place }.count - 1)
        reason = fault.reason
    }

    public var description: String { "character \(offset + 1): \(explanation)" }

    private var explanation: String {
        switch reason {
        case .tooLong(let length):
            "the pattern has \(length) characters, at most \(Pattern.longestSource) are read; use several shorter patterns"
        case .tooLarge:
            "written out, the repetitions make more than \(Pattern.mostInstructions) places to look at; repeat less, or use * or +"
        case .tooDeep: "groups are nested deeper than \(Pattern.deepestNesting); take out those that are not needed"
        case .tooManyRepetitions: "more than \(Pattern.mostRepetitions) repetitions; use * or +"
        case .nothingToRepeat(let found):
            "\"\(found)\" has nothing before it that can be repeated; write \\\(found) for the character itself"
        case .repeatedQuantifier: "a quantifier after a quantifier; put what the first one repeats into a group, as in (?:a{2})*"
        case .possessiveQuantifier: "possessive quantifiers are not supported; leave out the last +, nothing is ever tried twice"
        case .strayBrace: "\"{\" begins no {m}, {m,} or {m,n}; write \\{ for the character itself"
        case .repetitionUpsideDown(let least, let most): "{\(least),\(most)} is upside down; write {\(most),\(least)}"
        case .unclosedGroup: "the group that opens here is never closed; add ), or write \\( for the character itself"
        case .unopenedGroup: "\")\" closes no group; write \\) for the character itself"
        case .unclosedClass: "the class that opens here is never closed; add ], or write \\[ for the character itself"
        case .rangeUpsideDown(let first, let last): "the range \(first)-\(last) is upside down; write \(last)-\(first), or \\- for a hyphen"
        case .rangeOfClasses: "a range needs a single character at both ends; write \\- for a hyphen"
        case .namedClass: "named classes like [:alpha:] are not supported; write \\w, \\d, \\s or the ranges, or \\[ for the character itself"
        case .backReference: "back references are not supported; write out what is to be repeated"
        case .lookAround: "look-ahead and look-behind are not supported; match the surroundings themselves, or use a second filter"
        case .namedGroup: "named groups are not supported; leave out the name: (…)"
        case .misplacedFlag: "the only flag is (?i), at the very start of the pattern; move it there, or leave it out"
        case .unknownGroup: "the only groups are (…) and (?:…); use one of these, or write \\? for the character itself"
        case .unfinishedEscape: "\"\\\" escapes nothing; write \\\\ for the character itself"
        case .unknownEscape("A"): "there is no \\A; write ^ for the start of the text"
        case .unknownEscape("z"), .unknownEscape("Z"): "there is no such escape; write $ for the end of the text"
        case .unknownEscape(let found): "there is no escape \\\(found) here; write \(found) for the character itself"
        }
    }
}
