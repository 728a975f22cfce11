import Domain
import HTTPDoor
import Hummingbird
import NIOCore
import ServiceLifecycle
import Storage
import Wire

extension WebService {
    /// Bytes of one piece of an answer.
    private static let piece = 128 << 10

    func addLogRoutes(to router: DoorRouter) {
        router.get("/api/v1/builds/{id}/logs/{name}") { request, context in
            let id: BuildID = try context.id("id")
            let name = try context.text("name")
            let parameters = try QueryParameters(request, known: ["follow"])
            try await requireVisible(build: id, context.principal)
            // The rings are heard before the look, so that nothing between them is missed.
            let rings = logs.rings(build: id, name: name)
            guard let status = try await store.logStatus(id, name: name) else {
                throw Problem.notFound("build \(id) has no log of that name; its document lists them")
            }
            var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"]
            if try parameters.flag("follow") {
                return Response(status: .ok, headers: headers, body: following(id, name, rings))
            }
            // A closed log never changes, so that its digest names it.
            let tag = status.closed ? status.sha256.map { EntityTag(digest: $0) } : nil
            if let tag {
                headers[.eTag] = tag.text
                headers[.cacheControl] = "private, no-cache"
                if tag.isKnown(to: request.headers) { return Response(status: .notModified, headers: headers) }
            }
            let mayBePart = tag?.allowsRange(of: request.headers) ?? (request.headers[.ifRange] == nil)
            guard mayBePart, let text = request.headers[.range] else {
                headers[.acceptRanges] = "bytes"
                return Response(status: .ok, headers: headers, body: bytes(id, name, 0..<status.size))
            }
            switch ByteRange(text, size: status.size) {
            case .ignored:
                headers[.acceptRanges] = "bytes"
                return Response(status: .ok, headers: headers, body: bytes(id, name, 0..<status.size))
            case .part(let range):
                headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(status.size)"
                return Response(status: .partialContent, headers: headers, body: bytes(id, name, range))
            case .unsatisfiable:
                var response = Response(
                    problem: Problem(
                        status: 416, code: "range_not_satisfiable", title: "The range is not in the log",
                        detail: "the log has \(status.size) bytes at the moment"))
                response.headers[.contentRange] = "bytes */\(status.size)"
                return response
            }
        }
    }

    /// A part of the log as it is now, read piece by piece.
    private func bytes(_ build: BuildID, _ name: String, _ range: Range<Int64>) -> ResponseBody {
        ResponseBody(contentLength: Int(range.upperBound - range.lowerBound)) { writer in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let bytes = try await store.readLog(
                    build, name: name, offset: offset, limit: Int(min(Int64(Self.piece), range.upperBound - offset)))
                guard !bytes.isEmpty else { throw StoreError.unavailable("log \(name) of build \(build) ended before its size") }
                try await writer.write(ByteBuffer(bytes: bytes))
                offset += Int64(bytes.count)
            }
            try await writer.finish(nil)
        }
    }

    /// The log from its start, and on as it grows, until it is closed or the server stops.
    private func following(_ build: BuildID, _ name: String, _ rings: AsyncStream<Void>) -> ResponseBody {
        ResponseBody { writer in
            try await followLog(build, name, from: 0, piece: Self.piece, rings) { try await writer.write(ByteBuffer(bytes: $0)) }
            try await writer.finish(nil)
        }
    }

    /// Hands over the bytes of a log from an offset on, and what is appended, until it is closed, the rings end or the server stops.
    func followLog(
        _ build: BuildID, _ name: String, from start: Int64, piece: Int, _ rings: AsyncStream<Void>, _ take: ([UInt8]) async throws -> Void
    ) async throws {
        var offset = start
        var iterator = rings.cancelOnGracefulShutdown().makeAsyncIterator()
        repeat {
            // The state comes before the bytes: a log that is closed now has no more than what is read after.
            let closed = try await store.logStatus(build, name: name)?.closed ?? true
            while true {
                let bytes = try await store.readLog(build, name: name, offset: offset, limit: piece)
                guard !bytes.isEmpty else { break }
                try await take(bytes)
                offset += Int64(bytes.count)
            }
            if closed { return }
        } while await iterator.next() != nil
    }
}
