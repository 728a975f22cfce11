import Domain
import Yams

/// The keys and values of one mapping; keys that it may not have were reported when it was made.
struct YAMLMapping {
    /// The mapping itself, for its place.
    let value: YAMLValue
    /// `scheduler`, `step`, … for messages.
    let what: String
    private let entries: [String: YAMLEntry]
    /// Keys that a mistyped one was probably meant to be: that was reported, so they are not reported as missing too.
    private let meant: Set<String>

    init(value: YAMLValue, what: String, entries: [YAMLEntry], meant: Set<String>) {
        self.value = value
        self.what = what
        self.meant = meant
        self.entries = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
    }

    subscript(key: String) -> YAMLValue? { entries[key]?.value }

    func has(_ key: String) -> Bool { entries[key] != nil }

    func isMeant(_ key: String) -> Bool { meant.contains(key) }

    /// The key itself, for its place.
    func key(_ name: String) -> YAMLValue? { entries[name]?.key }

    func required(_ key: String, _ what: String) -> YAMLValue? {
        if let value = self[key] { return value }
        guard !isMeant(key) else { return nil }
        value.report("found a \(self.what) without \"\(key)\", expected \(what)")
        return nil
    }
}

struct YAMLEntry {
    var name: String
    var key: YAMLValue
    var value: YAMLValue
}

extension YAMLValue {
    /// The pairs of a mapping in the order they were written; an empty list when this is none. Keys that are no texts, or come twice, are reported.
    func entries() -> [YAMLEntry] {
        guard case .mapping(let mapping) = node else { return [] }
        var seen: [String: YAMLValue] = [:]
        var entries: [YAMLEntry] = []
        for pair in mapping {
            let key = with(pair.key)
            guard case .scalar(let scalar) = pair.key, let kind = YAMLScalar(scalar) else {
                key.expected("a key that is a text")
                continue
            }
            if case .null = kind {
                key.expected("a key that is a text")
                continue
            }
            if let earlier = seen[scalar.string] {
                key.report("found the key \"\(Self.quotable(scalar.string))\" a second time, expected it once; the first is at \(earlier.place)")
                continue
            }
            seen[scalar.string] = key
            entries.append(YAMLEntry(name: scalar.string, key: key, value: with(pair.value)))
        }
        return entries
    }

    /// Reads a mapping that has only the given keys.
    func mapping(_ what: String, keys: [String], tolerant: Bool = false) -> YAMLMapping? {
        guard case .mapping = node else {
            expected("a \(what), a mapping of \(keys.map { "\"\($0)\"" }.joined(separator: ", "))")
            return nil
        }
        let entries = entries()
        var meant = Set<String>()
        if !tolerant {
            for entry in entries { if let nearest = entry.refuse(unlessIn: keys, of: what) { meant.insert(nearest) } }
        }
        return YAMLMapping(value: self, what: what, entries: entries, meant: meant)
    }
}

extension YAMLEntry {
    /// Reports a key that is none of these, and returns the one that was probably meant.
    @discardableResult
    func refuse(unlessIn keys: [String], of what: String) -> String? {
        guard !keys.contains(name) else { return nil }
        let nearest = NearestWord.to(name, among: keys)
        let question = nearest.map { "; did you mean \"\($0)\"?" } ?? ""
        key.report("found the key \"\(YAMLValue.quotable(name))\" in a \(what), expected \(YAMLValue.oneOf(keys))\(question)")
        return nearest
    }
}
