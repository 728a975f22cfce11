import Domain

/// Judges a value by a JSON Schema: the part of the 2020-12 vocabulary that the project's schemas use. A keyword that it does not know is an
/// error, so that no part of a schema goes untested.
public struct SchemaValidator: Sendable {
    public struct UnknownKeyword: Error {
        public var keyword: String
    }

    private let root: [String: JSONValue]
    private let isStrict: Bool

    /// - Parameter isStrict: Refuse fields that an object's schema does not name, unless it says what others hold.
    public init(_ schema: JSONValue, isStrict: Bool = false) throws {
        guard case .object(let root) = schema else { throw UnknownKeyword(keyword: "schema") }
        self.root = root
        self.isStrict = isStrict
    }

    public func accepts(_ value: JSONValue) throws -> Bool { try accepts(value, .object(root)) }

    private func accepts(_ value: JSONValue, _ schema: JSONValue) throws -> Bool {
        if case .bool(let always) = schema { return always }
        guard case .object(let rules) = schema else { throw UnknownKeyword(keyword: "\(schema)") }
        for (keyword, rule) in rules where try !holds(keyword, rule, value, rules) { return false }
        return true
    }

    private func holds(_ keyword: String, _ rule: JSONValue, _ value: JSONValue, _ all: [String: JSONValue]) throws -> Bool {
        switch keyword {
        case "$schema", "$id", "$defs", "title", "description", "default", "examples", "format", "then", "else": return true
        case "$ref": return try accepts(value, definition(rule))
        case "type": return list(rule).contains { isType($0, value) }
        case "enum": return list(rule).contains(value)
        case "const": return rule == value
        case "not": return try !accepts(value, rule)
        case "allOf": return try list(rule).allSatisfy { try accepts(value, $0) }
        case "anyOf": return try list(rule).contains { try accepts(value, $0) }
        case "oneOf": return try list(rule).count { try accepts(value, $0) } == 1
        case "if": return try accepts(value, (accepts(value, rule) ? all["then"] : all["else"]) ?? .bool(true))
        case "minimum": return number(value).map { $0 >= number(rule) ?? 0 } ?? true
        case "maximum": return number(value).map { $0 <= number(rule) ?? 0 } ?? true
        case "minLength", "maxLength", "pattern": return try textHolds(keyword, rule, value)
        case "items", "minItems", "maxItems", "uniqueItems": return try listHolds(keyword, rule, value)
        case "properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties":
            return try objectHolds(keyword, rule, value, all)
        default: throw UnknownKeyword(keyword: keyword)
        }
    }

    private func textHolds(_ keyword: String, _ rule: JSONValue, _ value: JSONValue) throws -> Bool {
        guard case .string(let text) = value else { return true }
        guard keyword == "pattern" else {
            let length = Double(text.unicodeScalars.count)
            return keyword == "minLength" ? length >= number(rule) ?? 0 : length <= number(rule) ?? 0
        }
        guard case .string(let pattern) = rule else { throw UnknownKeyword(keyword: "\(rule)") }
        return try text.contains(Regex(pattern))
    }

    private func listHolds(_ keyword: String, _ rule: JSONValue, _ value: JSONValue) throws -> Bool {
        guard case .array(let elements) = value else { return true }
        switch keyword {
        case "items": return try elements.allSatisfy { try accepts($0, rule) }
        case "minItems": return Double(elements.count) >= number(rule) ?? 0
        case "maxItems": return Double(elements.count) <= number(rule) ?? 0
        default: return Set(elements).count == elements.count
        }
    }

    private func objectHolds(_ keyword: String, _ rule: JSONValue, _ value: JSONValue, _ all: [String: JSONValue]) throws -> Bool {
        guard case .object(let entries) = value else { return true }
        switch keyword {
        case "properties":
            if isStrict, all["additionalProperties"] == nil, !Set(entries.keys).isSubset(of: object(rule).keys) { return false }
            return try object(rule).allSatisfy { name, schema in try entries[name].map { try accepts($0, schema) } ?? true }
        case "required": return list(rule).allSatisfy { if case .string(let name) = $0 { entries[name] != nil } else { false } }
        case "additionalProperties":
            let named = object(all["properties"] ?? .object([:]))
            return try entries.allSatisfy { name, value in try named[name] != nil || accepts(value, rule) }
        case "propertyNames": return try entries.keys.allSatisfy { try accepts(.string($0), rule) }
        case "minProperties": return Double(entries.count) >= number(rule) ?? 0
        default: return Double(entries.count) <= number(rule) ?? 0
        }
    }

    private func definition(_ reference: JSONValue) throws -> JSONValue {
        guard case .string(let path) = reference, path.hasPrefix("#/$defs/"), case .object(let definitions) = root["$defs"],
            let definition = definitions[String(path.dropFirst(8))]
        else { throw UnknownKeyword(keyword: "\(reference)") }
        return definition
    }

    private func isType(_ type: JSONValue, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("integer", .integer), ("number", .integer), ("number", .number), ("string", .string),
            ("array", .array), ("object", .object):
            true
        default: false
        }
    }

    private func list(_ value: JSONValue) -> [JSONValue] {
        if case .array(let elements) = value { elements } else { [value] }
    }

    private func object(_ value: JSONValue) -> [String: JSONValue] {
        if case .object(let entries) = value { entries } else { [:] }
    }

    private func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
