import Testing

/// A document as Swift has it, and as it is spelled on the wire.
struct Golden: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let json: String
    let encoded: @Sendable () throws -> String
    /// Whether the JSON is read as the same document; true for documents that only go out.
    let isReadBack: @Sendable () throws -> Bool

    static func out(_ name: String, _ document: some Encodable & Sendable, _ json: String) -> Golden {
        Golden(testDescription: name, json: json, encoded: { try Samples.json(document) }, isReadBack: { true })
    }

    static func both<Document: Codable & Hashable & Sendable>(_ name: String, _ document: Document, _ json: String) -> Golden {
        Golden(
            testDescription: name, json: json, encoded: { try Samples.json(document) },
            isReadBack: { try Samples.decode(Document.self, json) == document })
    }

    func check() throws {
        #expect(try encoded() == json)
        #expect(try isReadBack())
    }
}
