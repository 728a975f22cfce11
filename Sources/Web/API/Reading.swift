import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import Wire

/// How a client wants a document or a list: which fields of it, and whether it has it already.
struct Reading: Sendable {
    let parameters: QueryParameters
    private let headers: HTTPFields
    private let isHead: Bool
    /// Nil: all.
    private let fields: Set<String>?

    /// - Parameters:
    ///   - known: the route's own query parameters.
    ///   - schema: what `fields` may choose from; nil when the document comes whole.
    init(_ request: Request, known: Set<String> = [], of schema: APISchema?) throws {
        headers = request.headers
        isHead = request.method == .head
        parameters = try QueryParameters(request, known: schema == nil ? known : known.union(["fields"]))
        guard let schema, let text = parameters.text("fields") else {
            fields = nil
            return
        }
        let names = Set(text.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
        let unknown = names.subtracting(schema.fieldNames).sorted()
        guard unknown.isEmpty else {
            throw Problem.invalidParameter(
                "fields",
                "unknown: \(unknown.map { $0.isEmpty ? "an empty name" : String($0.prefix(100)) }.prefix(10).joined(separator: ", ")); known here are \(schema.fieldNames.joined(separator: ", "))"
            )
        }
        fields = names
    }

    /// How long to wait for another state than the client has; nil when it has none, or does not want to wait.
    func wait() throws -> Duration? {
        let wait = try parameters.wait()
        return isHead || headers[.ifNoneMatch] == nil ? nil : wait
    }

    /// One document.
    ///
    /// - Parameter essence: the document without what changes too often to call it another; the document itself when absent.
    func answer(_ document: some Encodable, essence: (some Encodable)? = Never?.none) throws -> Response {
        let bytes = try bytes(document) { self.chosen($0) }
        return respond(bytes, EntityTag(of: try essence.map { try self.bytes($0) { self.chosen($0) } } ?? bytes))
    }

    /// A list, whose fields are those of its items.
    func answer<Item>(list: PageDocument<Item>) throws -> Response {
        let bytes = try bytes(list) { list in
            guard case .object(var page) = list, case .array(let items)? = page["items"] else { return list }
            page["items"] = .array(items.map(chosen))
            return .object(page)
        }
        return respond(bytes, EntityTag(of: bytes))
    }

    /// JSON as it is.
    func answer(bytes: Data) -> Response { respond(bytes, EntityTag(of: bytes)) }

    private func bytes(_ document: some Encodable, _ choose: (JSONValue) -> JSONValue) throws -> Data {
        let whole = try DoorJSON.orderedEncoder.encode(document)
        guard fields != nil else { return whole }
        return try DoorJSON.orderedEncoder.encode(choose(try DoorJSON.decoder.decode(JSONValue.self, from: whole)))
    }

    private func chosen(_ value: JSONValue) -> JSONValue {
        guard let fields, case .object(let entries) = value else { return value }
        return .object(entries.filter { fields.contains($0.key) })
    }

    private func respond(_ bytes: Data, _ tag: EntityTag) -> Response {
        // To be kept, and asked about each time: what is private is nobody else's.
        let headers: HTTPFields = [.eTag: tag.text, .cacheControl: "private, no-cache"]
        if tag.isKnown(to: self.headers) { return Response(status: .notModified, headers: headers) }
        return Response(document: bytes, type: fields == nil ? "application/json" : "application/vnd.doorbell.part+json", headers: headers)
    }
}
