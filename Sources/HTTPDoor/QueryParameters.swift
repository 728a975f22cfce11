import Domain
import Hummingbird
import Wire

/// The query parameters of a request, each read with a check; what is wrong is a 400 that names the parameter.
public struct QueryParameters: Sendable {
    private var values: [String: String] = [:]

    /// - Parameter known: the names this route takes; any other is refused, so that a typo is not mistaken for "no filter".
    /// - Parameter repeated: those that may be given more than once; they are known, and read elsewhere.
    public init(_ request: Request, known: Set<String>, repeated: Set<String> = []) throws {
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            if repeated.contains(name) { continue }
            guard known.contains(name) else {
                let all = known.union(repeated).sorted()
                throw Problem.invalidParameter(
                    String(name.prefix(100)), "unknown; known here are \(all.isEmpty ? "none" : all.joined(separator: ", "))")
            }
            guard values[name] == nil else { throw Problem.invalidParameter(name, "given twice") }
            guard value.utf8.count <= 2000 else { throw Problem.invalidParameter(name, "longer than 2000 bytes") }
            values[name] = String(value)
        }
    }

    /// How many results at most; `normal` when not given.
    public func limit(normal: Int = 50, most: Int = 200) throws -> Int {
        try number("limit", in: 1...most) ?? normal
    }

    public func text(_ name: String) -> String? { values[name] }

    public func number(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = values[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw Problem.invalidParameter(name, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    public func id<Entity>(_ name: String) throws -> EntityID<Entity>? {
        guard let text = values[name] else { return nil }
        guard let id = EntityID<Entity>(text) else { throw Problem.invalidParameter(name, "expected the number of one, such as 17") }
        return id
    }

    public func time(_ name: String) throws -> Timestamp? {
        guard let text = values[name] else { return nil }
        guard let time = Timestamp(text) else { throw Problem.invalidParameter(name, "expected a time such as 2026-01-31T12:00:00Z") }
        return time
    }

    /// One of the words of an enumeration.
    public func word<Word: RawRepresentable & CaseIterable>(_ name: String) throws -> Word? where Word.RawValue == String {
        guard let text = values[name] else { return nil }
        guard let word = Word(rawValue: text) else {
            throw Problem.invalidParameter(name, "expected one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    /// How long to wait, 60 s at most, as in `30s` or `500ms`.
    public func wait(_ name: String = "wait") throws -> Duration? {
        guard let text = values[name] else { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard digits.count <= 5, let number = Int(digits), unit == "s" || unit == "ms",
            case let wait = unit == "s" ? Duration.seconds(number) : .milliseconds(number),
            wait <= .seconds(60)
        else { throw Problem.invalidParameter(name, "expected a time of at most 60 s, such as 30s or 500ms") }
        return wait
    }

    /// `1` or `true`, `0` or `false`; false when not given.
    public func flag(_ name: String) throws -> Bool {
        switch values[name] {
        case nil, "0", "false": return false
        case "1", "true": return true
        default: throw Problem.invalidParameter(name, "expected 1 or 0")
        }
    }
}
