import CZlib
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import HTTPDoor

@Suite struct CompressionTests {
    private static let long = (0..<5000).map { "line \($0)\n" }.joined()

    private func with(_ test: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let router = DoorRouter.door()
        func text(_ path: RouterPath, _ type: String, _ headers: HTTPFields = [:], _ body: @escaping @Sendable () -> ResponseBody) {
            router.get(path) { _, _ in
                var headers = headers
                headers[.contentType] = type
                return Response(status: .ok, headers: headers, body: body())
            }
        }
        text("long", "text/plain; charset=utf-8", [.eTag: "\"a\"", .acceptRanges: "bytes"]) { .init(byteBuffer: ByteBuffer(string: Self.long)) }
        text("pieces", "application/json") {
            ResponseBody(contentLength: Self.long.utf8.count) { writer in
                for start in stride(from: 0, to: Self.long.utf8.count, by: 777) {
                    try await writer.write(ByteBuffer(bytes: Array(Self.long.utf8)[start..<min(start + 777, Self.long.utf8.count)]))
                }
                try await writer.finish(nil)
            }
        }
        text("short", "application/json") { .init(byteBuffer: ByteBuffer(string: "{}")) }
        text("image", "image/png") { .init(byteBuffer: ByteBuffer(string: Self.long)) }
        text("stream", "text/plain") {
            ResponseBody { writer in
                try await writer.write(ByteBuffer(string: Self.long))
                try await writer.finish(nil)
            }
        }
        text("events", "text/event-stream") { .init(byteBuffer: ByteBuffer(string: Self.long)) }
        try await Application(router: router).test(.router, test)
    }

    private func get(
        _ client: any TestClientProtocol, _ path: String, accept: String? = "gzip, br", method: HTTPRequest.Method = .get
    ) async throws -> TestResponse {
        try await client.executeRequest(uri: path, method: method, headers: accept.map { [.acceptEncoding: $0] } ?? [:], body: nil)
    }

    /// The whole of one gzip member; nil for anything else.
    private func expanded(_ buffer: ByteBuffer) -> String? {
        var stream = z_stream()
        guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var input = Array(buffer.readableBytesView)
        var output = [UInt8](repeating: 0, count: 1 << 20)
        let status = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return inflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END, stream.avail_in == 0 else { return nil }
        return String(decoding: output.prefix(Int(stream.total_out)), as: UTF8.self)
    }

    @Test("A long text comes compressed to who takes that, and is the same text", arguments: ["long", "pieces"])
    func compressed(path: String) async throws {
        try await with { client in
            let plain = try await get(client, path, accept: nil)
            let packed = try await get(client, path)
            #expect(plain.headers[.contentEncoding] == nil && String(buffer: plain.body) == Self.long)
            #expect(packed.headers[.contentEncoding] == "gzip" && packed.body.readableBytes < plain.body.readableBytes / 2)
            #expect(expanded(packed.body) == Self.long)
            #expect(plain.headers[.vary] == "Accept-Encoding" && packed.headers[.vary] == "Accept-Encoding")
        }
    }

    @Test("A tag of bytes is weak for their compressed form, of which no range can be had")
    func tags() async throws {
        try await with { client in
            let plain = try await get(client, "long", accept: nil)
            let packed = try await get(client, "long")
            #expect(plain.headers[.eTag] == "\"a\"" && plain.headers[.acceptRanges] == "bytes")
            #expect(packed.headers[.eTag] == "W/\"a\"" && packed.headers[.acceptRanges] == nil)
        }
    }

    @Test(
        "What is short, no text, or a stream goes as it is",
        arguments: [
            ("short", "gzip"), ("image", "gzip"), ("stream", "gzip"), ("events", "gzip"), ("long", "gzip;q=0"), ("long", "br"), ("long", "*;q=0"),
        ])
    func plain(path: String, accept: String) async throws {
        try await with { client in
            let response = try await get(client, path, accept: accept)
            #expect(response.headers[.contentEncoding] == nil)
            #expect(String(buffer: response.body) == (path == "short" ? "{}" : Self.long))
            let head = try await get(client, path, method: .head)
            #expect(head.status == .ok && head.headers[.contentEncoding] == nil && head.body.readableBytes == 0)
        }
    }
}
