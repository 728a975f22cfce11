import Domain

/// What consumers were promised by a schema must hold in every later one of the same version: fields stay, stay always there, and hold what they held.
enum SchemaPromise {
    /// What the later schema takes back, a line each.
    static func broken(_ released: JSONValue, by later: JSONValue, at place: String = "") -> [String] {
        guard case .object(let before) = released, case .object(let now) = later else {
            return released == later ? [] : ["\(place): was \(released)"]
        }
        var lines: [String] = []
        for keyword in ["type", "const", "pattern", "format", "$id"] where before[keyword] != nil && before[keyword] != now[keyword] {
            lines.append("\(place): \(keyword) was another")
        }
        if let words = before["enum"], !Set(list(now["enum"])).isSubset(of: list(words)) || now["enum"] == nil {
            lines.append("\(place): holds words that consumers cannot know")
        }
        let required = Set(list(now["required"]))
        for case .string(let name) in list(before["required"]) where !required.contains(.string(name)) {
            lines.append("\(place): \(name) is not always there any more")
        }
        let properties = object(now["properties"])
        for (name, schema) in object(before["properties"]) {
            guard let then = properties[name] else {
                lines.append("\(place)/\(name): gone")
                continue
            }
            lines += broken(schema, by: then, at: "\(place)/\(name)")
        }
        for keyword in ["items", "additionalProperties"] {
            guard let schema = before[keyword] else { continue }
            lines += now[keyword].map { broken(schema, by: $0, at: "\(place)/\(keyword)") } ?? ["\(place): holds anything now"]
        }
        return lines.sorted()
    }

    private static func list(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let elements)? = value { elements } else { [] }
    }

    private static func object(_ value: JSONValue?) -> [String: JSONValue] {
        if case .object(let entries)? = value { entries } else { [:] }
    }
}
