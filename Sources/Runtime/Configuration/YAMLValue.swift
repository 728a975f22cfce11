import Domain
import Yams

/// One value of a configuration file, with its place. Each reading method reports what does not fit, and then returns nil.
struct YAMLValue {
    let node: Node
    let file: String
    let problems: ProblemCollector

    func report(_ text: String) {
        problems.add(text, file: file, at: TextPlace(node.mark))
    }

    /// Reports what was found instead.
    func expected(_ what: String, nearest: String? = nil) {
        report("found \(found), expected \(what)" + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""))
    }

    /// `file:line:column`, for pointing at this value from elsewhere.
    var place: String {
        let place = TextPlace(node.mark)
        return "\(file):\(place.line):\(place.column)"
    }

    var found: String {
        switch node {
        case .mapping: return "a mapping"
        case .sequence: return "a list"
        case .alias: return "an alias"
        case .scalar(let scalar):
            switch YAMLScalar(scalar) {
            case .null: return "nothing"
            case .bool: return "the boolean \(scalar.string)"
            case .integer, .number: return "the number \(Self.quotable(scalar.string))"
            case .text: return "\"\(Self.quotable(scalar.string))\""
            case nil: return "the tag \(Self.quotable(scalar.tag.rawValue))"
            }
        }
    }

    /// A text as it can stand in one line of a message.
    static func quotable(_ text: String) -> String {
        let line = String(
            text.prefix(60).map { $0.isNewline ? " " : $0 }.filter { $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } })
        return text.count > 60 ? line + "…" : line
    }

    var isNull: Bool {
        if case .scalar(let scalar) = node, case .null = YAMLScalar(scalar) { return true }
        return false
    }

    var isList: Bool {
        if case .sequence = node { return true }
        return false
    }

    func with(_ node: Node) -> YAMLValue {
        YAMLValue(node: node, file: file, problems: problems)
    }

    func text(_ what: String = "a text") -> String? {
        guard case .scalar(let scalar) = node else {
            expected(what)
            return nil
        }
        switch YAMLScalar(scalar) {
        case .text: return scalar.string
        case .bool, .integer, .number:
            expected("\(what): write it in quotes, \"\(Self.quotable(scalar.string))\"")
        case .null, nil: expected(what)
        }
        return nil
    }

    /// A text, or a number or boolean as it was written: for environments and labels, which hold nothing but texts.
    func textOfAnyScalar(_ what: String) -> String? {
        guard case .scalar(let scalar) = node, let kind = YAMLScalar(scalar) else {
            expected(what)
            return nil
        }
        if case .null = kind {
            expected("\(what) (\"\" for an empty one)")
            return nil
        }
        return scalar.string
    }

    func boolean() -> Bool? {
        if case .scalar(let scalar) = node, case .bool(let value) = YAMLScalar(scalar) { return value }
        expected("true or false")
        return nil
    }

    func integer(in range: ClosedRange<Int>) -> Int? {
        if case .scalar(let scalar) = node, case .integer(let value) = YAMLScalar(scalar), let small = Int(exactly: value), range.contains(small) {
            return small
        }
        expected("a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    func duration(atLeast least: Duration = .milliseconds(1), atMost most: Duration = .seconds(30 * 86_400)) -> Duration? {
        if case .scalar(let scalar) = node, case .text = YAMLScalar(scalar), let duration = DurationText.duration(of: scalar.string) {
            if (least...most).contains(duration) { return duration }
            expected("a duration from \(DurationText.text(of: least)) to \(DurationText.text(of: most))")
            return nil
        }
        if case .scalar(let scalar) = node, case .integer(0) = YAMLScalar(scalar), least == .zero { return .zero }
        expected("a duration, such as 500ms, 30s, 5m or 1h30m")
        return nil
    }

    func choice(of words: [String]) -> String? {
        if case .scalar(let scalar) = node, case .text = YAMLScalar(scalar) {
            if words.contains(scalar.string) { return scalar.string }
            expected(Self.oneOf(words), nearest: NearestWord.to(scalar.string, among: words))
        } else {
            expected(Self.oneOf(words))
        }
        return nil
    }

    static func oneOf(_ words: [String]) -> String {
        "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
    }

    /// The elements of a list that is not empty.
    func list(of what: String) -> [YAMLValue]? {
        guard case .sequence(let sequence) = node else {
            if case .scalar(let scalar) = node, case .text = YAMLScalar(scalar) {
                expected("a list of \(what): write [\(Self.quotable(scalar.string))]")
            } else {
                expected("a list of \(what)")
            }
            return nil
        }
        if sequence.isEmpty {
            report("found an empty list, expected at least one of \(what) (or leave the key out)")
            return nil
        }
        return sequence.map { with($0) }
    }

    func json() -> JSONValue? {
        switch node {
        case .alias:
            expected("a value")
            return nil
        case .sequence(let sequence):
            return .array(sequence.compactMap { with($0).json() })
        case .mapping:
            var object: [String: JSONValue] = [:]
            for entry in entries() { object[entry.name] = entry.value.json() }
            return .object(object)
        case .scalar(let scalar):
            switch YAMLScalar(scalar) {
            case .null: return .null
            case .bool(let value): return .bool(value)
            case .integer(let value): return .integer(value)
            case .number(let value): return .number(value)
            case .text: return .string(scalar.string)
            case nil:
                expected("a value")
                return nil
            }
        }
    }
}
