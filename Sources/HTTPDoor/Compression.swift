import HTTPTypes
import Hummingbird
import NIOCore

/// Sends texts in gzip to those who take it. What has no length yet is a stream that waits for what happens, such as events and a log that is followed: it goes
/// as it is, so that nothing is held back in a compressor.
struct Compression: RouterMiddleware {
    typealias Context = DoorContext

    /// Below this the header costs more than is won.
    private static let least = 1000

    func handle(_ request: Request, context: DoorContext, next: (Request, DoorContext) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        guard response.status == .ok, !response.headers.contains(.contentEncoding), let type = response.headers[.contentType],
            Self.isText(ContentTypeName.of(type))
        else { return response }
        response.headers[.vary] = "Accept-Encoding"
        guard request.method != .head, let length = response.body.contentLength, length >= Self.least,
            request.headers[values: .acceptEncoding].contains(where: Self.takesGzip)
        else { return response }
        response.headers[.contentEncoding] = "gzip"
        response.headers[.contentLength] = nil
        // A range is one of the bytes as they are.
        response.headers[.acceptRanges] = nil
        // A strong tag names one sequence of bytes, and these are others.
        if let tag = response.headers[.eTag], tag.hasPrefix("\"") { response.headers[.eTag] = "W/" + tag }
        let body = response.body
        response.body = ResponseBody { writer in
            try await body.write(GzipBodyWriter(writer: writer, stream: try GzipStream()))
        }
        return response
    }

    private static func isText(_ type: String) -> Bool {
        type.hasPrefix("text/") && type != "text/event-stream" || type == "application/json" || type.hasSuffix("+json")
            || type.hasSuffix("javascript")
            || type == "image/svg+xml"
    }

    /// RFC 9110, section 12.5.3: names with weights, of which 0 means "not this".
    static func takesGzip(_ header: String) -> Bool {
        var any = false
        for item in header.split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if name == "gzip" || name == "x-gzip" { return weight > 0 }
            if name == "*" { any = weight > 0 }
        }
        return any
    }
}

/// Compresses an answer while it is written.
private struct GzipBodyWriter: ResponseBodyWriter {
    var writer: any ResponseBodyWriter
    let stream: GzipStream

    mutating func write(_ buffer: ByteBuffer) async throws {
        let compressed = try stream.compress(buffer)
        if compressed.readableBytes > 0 { try await writer.write(compressed) }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await writer.write(stream.finish())
        try await writer.finish(trailingHeaders)
    }
}
