/// What differs between two configurations, item by item and field by field. Pure: it compares their documents, whatever keys those have.
public struct ConfigurationDifference: Hashable, Sendable, Codable {
    public enum Change: String, Hashable, Sendable, Codable, CaseIterable {
        case added, removed, changed
    }

    /// One value that differs.
    public struct Field: Hashable, Sendable, Codable {
        /// A JSON pointer (RFC 6901) from the item, or from the document where no item is concerned. A place in a list is that of `to`; of what was
        /// removed, that of `from`.
        public var pointer: String
        /// Nil: it was not there.
        public var from: JSONValue?
        /// Nil: it is not there any more.
        public var to: JSONValue?

        public init(pointer: String, from: JSONValue?, to: JSONValue?) {
            self.pointer = pointer
            self.from = from
            self.to = to
        }
    }

    /// A source of any kind, a scheduler or a builder.
    public struct Item: Hashable, Sendable, Codable {
        /// The document's key of the list it stands in, such as `schedulers`.
        public var list: String
        public var name: String
        public var change: Change
        /// Empty unless it was changed.
        public var fields: [Field]

        public init(list: String, name: String, change: Change, fields: [Field] = []) {
            self.list = list
            self.name = name
            self.change = change
            self.fields = fields
        }
    }

    /// What differs outside of items.
    public var fields: [Field]
    public var items: [Item]
    /// The lists whose items stand in another order.
    public var reordered: [String]

    public var isEmpty: Bool { fields.isEmpty && items.isEmpty && reordered.isEmpty }

    /// - Parameters:
    ///   - old: the document of a configuration: an object, whose items stand in lists and have names.
    ///   - new: another.
    public init(from old: JSONValue, to new: JSONValue) {
        (fields, items, reordered) = ([], [], [])
        let (old, new) = (old.object, new.object)
        for key in Set(old.keys).union(new.keys).sorted() {
            guard let before = old[key, default: .array([])].namedItems, let after = new[key, default: .array([])].namedItems else {
                fields += Self.fields(old[key], new[key], at: "/" + Self.escaped(key))
                continue
            }
            compare(before, after, list: key)
        }
    }

    private mutating func compare(_ before: [(name: String, value: JSONValue)], _ after: [(name: String, value: JSONValue)], list: String) {
        let old = Dictionary(before.map { ($0.name, $0.value) }) { first, _ in first }
        let new = Dictionary(after.map { ($0.name, $0.value) }) { first, _ in first }
        for (name, value) in after {
            guard let known = old[name] else {
                items.append(Item(list: list, name: name, change: .added))
                continue
            }
            let fields = Self.fields(known, value, at: "")
            if !fields.isEmpty { items.append(Item(list: list, name: name, change: .changed, fields: fields)) }
        }
        items += before.filter { new[$0.name] == nil }.map { Item(list: list, name: $0.name, change: .removed) }
        if before.map(\.name).filter({ new[$0] != nil }) != after.map(\.name).filter({ old[$0] != nil }) { reordered.append(list) }
    }

    /// Objects are compared by their keys, lists of objects by their names or places; everything else as a whole.
    private static func fields(_ old: JSONValue?, _ new: JSONValue?, at pointer: String) -> [Field] {
        switch (old, new) {
        case _ where old == new:
            return []
        case (.object(let old), .object(let new)):
            return Set(old.keys).union(new.keys).sorted().flatMap { fields(old[$0], new[$0], at: "\(pointer)/\(escaped($0))") }
        case (.array(let old), .array(let new)) where (old + new).allSatisfy(\.isObject):
            return names(old, new, at: pointer) ?? places(old, new, at: pointer)
        default:
            return [Field(pointer: pointer, from: old, to: new)]
        }
    }

    /// Nil when the elements have no names of their own, or stand in another order: that matters for steps.
    private static func names(_ old: [JSONValue], _ new: [JSONValue], at pointer: String) -> [Field]? {
        guard let before = Self.places(old), let after = Self.places(new) else { return nil }
        let common = after.keys.filter { before[$0] != nil }.sorted { after[$0, default: 0] < after[$1, default: 0] }
        guard common == common.sorted(by: { before[$0, default: 0] < before[$1, default: 0] }) else { return nil }
        let kept = after.sorted { $0.value < $1.value }.flatMap { name, place in
            guard let known = before[name] else { return [Field(pointer: "\(pointer)/\(place)", from: nil, to: new[place])] }
            return fields(old[known], new[place], at: "\(pointer)/\(place)")
        }
        let gone = before.filter { after[$0.key] == nil }.values.sorted()
        return kept + gone.map { Field(pointer: "\(pointer)/\($0)", from: old[$0], to: nil) }
    }

    /// Where the element of each name stands; nil when one has no name, or two have the same.
    private static func places(_ values: [JSONValue]) -> [String: Int]? {
        guard let items = JSONValue.array(values).namedItems else { return nil }
        let places = Dictionary(zip(items.map(\.name), items.indices)) { first, _ in first }
        return places.count == items.count ? places : nil
    }

    /// What the lists begin and end with alike is left out, so that an element that was put between others is one difference.
    private static func places(_ old: [JSONValue], _ new: [JSONValue], at pointer: String) -> [Field] {
        let shorter = min(old.count, new.count)
        let start = zip(old, new).prefix { $0 == $1 }.count
        let end = zip(old.reversed(), new.reversed()).prefix(shorter - start).prefix { $0 == $1 }.count
        let (old, new) = (old[start..<old.count - end], new[start..<new.count - end])
        return zip(old, new).enumerated().flatMap { fields($1.0, $1.1, at: "\(pointer)/\(start + $0)") }
            + old.indices.dropFirst(new.count).map { Field(pointer: "\(pointer)/\($0)", from: old[$0], to: nil) }
            + new.indices.dropFirst(old.count).map { Field(pointer: "\(pointer)/\($0)", from: nil, to: new[$0]) }
    }

    private static func escaped(_ key: String) -> String { key.replacing("~", with: "~0").replacing("/", with: "~1") }
}

extension JSONValue {
    fileprivate var isObject: Bool { if case .object = self { true } else { false } }

    fileprivate var object: [String: JSONValue] { if case .object(let fields) = self { fields } else { [:] } }

    /// The elements of a list that all have names; nil for anything else.
    fileprivate var namedItems: [(name: String, value: JSONValue)]? {
        guard case .array(let values) = self else { return nil }
        var items: [(name: String, value: JSONValue)] = []
        for value in values {
            guard case .string(let name)? = value.object["name"] else { return nil }
            items.append((name, value))
        }
        return items
    }
}
