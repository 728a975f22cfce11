import Domain
import Foundation
import Yams

/// Documents as they lie in the tree: keys in order, one field a line.
enum SchemaText {
    static func json(_ document: JSONValue) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }

    static func yaml(_ document: JSONValue) throws -> String {
        try Yams.serialize(node: node(document), width: 150, allowUnicode: true, sortKeys: true)
    }

    private static func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let value): Node(value ? "true" : "false", Tag(.bool))
        case .integer(let value): Node(String(value), Tag(.int))
        case .number(let value): Node(String(value), Tag(.float))
        case .string(let value): Node(value, Tag(.str))
        case .array(let values): Node(values.map { node($0) })
        case .object(let entries):
            Node(entries.sorted { $0.key < $1.key }.map { (Node($0.key, Tag(.str)), node($0.value)) })
        }
    }
}
