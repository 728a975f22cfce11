import Crypto
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Wire

/// A decoded request body, with the bytes it was decoded from.
public struct JSONBody<Document: Sendable>: Sendable {
    public let document: Document
    public let bytes: Data

    /// SHA-256 of the bytes, in hexadecimal: what tells a repeat from another request under the same key.
    public var sha256: String { Hexadecimal.text(SHA256.hash(data: bytes)) }
}

/// The largest JSON body of a route that names no other limit, in bytes.
public let defaultBodyLimit = 1 << 20

extension Request {
    /// Reads and decodes a JSON body, refusing what is too large, of another type, not JSON, or has a field that is wrong or unknown.
    ///
    /// - Throws: `Problem` with status 413, 415, 400 or 422; the last names the field.
    public func json<Document: StrictDocument>(_ type: Document.Type, limit: Int = defaultBodyLimit) async throws -> JSONBody<Document> {
        let bytes = try await jsonBytes(limit: limit)
        return JSONBody(document: try Document(json: bytes), bytes: bytes)
    }

    /// The same for a document that may have fields nobody here knows.
    public func lenientJSON<Document: Decodable & Sendable>(_ type: Document.Type, limit: Int = defaultBodyLimit) async throws -> JSONBody<Document> {
        let bytes = try await jsonBytes(limit: limit)
        return JSONBody(document: try DoorJSON.decode(type, from: bytes), bytes: bytes)
    }

    /// Reads a body of at most `limit` bytes. One that declares to be larger is refused before any of it is read.
    public func bytes(limit: Int) async throws -> ByteBuffer {
        let refusal = Problem.tooLarge("at most \(limit) bytes are taken here")
        if let declared = headers[.contentLength], (Int(declared) ?? Int.max) > limit { throw refusal }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw refusal
        }
    }

    private func jsonBytes(limit: Int) async throws -> Data {
        let type = headers[.contentType] ?? ""
        guard ContentTypeName.of(type) == "application/json" else {
            throw Problem.unsupportedType("expected Content-Type: application/json, found \(type.isEmpty ? "none" : "another")")
        }
        return Data(buffer: try await bytes(limit: limit))
    }
}

extension StrictDocument {
    /// Decodes a document; `Problem` 400 or 422 when it cannot be.
    public init(json bytes: Data) throws {
        self = try DoorJSON.decode(Strict<Self>.self, from: bytes).document
    }
}

/// A document decoded in one pass with the check for unknown fields.
private struct Strict<Document: StrictDocument>: Decodable {
    let document: Document

    init(from decoder: any Decoder) throws {
        let unknown = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).filter { !Document.fieldNames.contains($0) }
        guard unknown.isEmpty else {
            let known = Document.fieldNames.sorted().joined(separator: ", ")
            throw Problem.invalidFields(
                unknown.sorted().prefix(10).map {
                    Problem.FieldError(pointer: JSONPointer.text([AnyKey($0)]), detail: "unknown field; known are \(known)")
                })
        }
        document = try Document(from: decoder)
    }
}
