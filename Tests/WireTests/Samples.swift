import Domain
import Foundation
import Testing
import Wire

/// Values that documents are told with, and how their JSON is compared.
enum Samples {
    static let moment = Timestamp(microseconds: 1_769_860_800_250_000)
    static let chain = ChainID("0f8fad5b-d9cb-469f-a165-70867728950e")
    static let stamp = SourceStamp(project: "demo", repository: "https://example.org/demo.git", branch: "main", revision: "abc")
    static let stampJSON =
        #"{"branch":"main","codebase":"","project":"demo","repository":"https://example.org/demo.git","revision":"abc"}"#

    /// The JSON of a document with its keys in order, so that two spellings can be compared.
    static func json(_ document: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }

    static func decode<Document: Decodable>(_ type: Document.Type = Document.self, _ json: String) throws -> Document {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    /// The names of a document's fields as they are on the wire.
    static func fieldNames(_ document: some Encodable) throws -> Set<String> {
        let fields = try JSONSerialization.jsonObject(with: JSONEncoder().encode(document)) as? [String: Any]
        return Set(try #require(fields).keys)
    }
}
