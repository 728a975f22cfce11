import Domain
import HTTPDoor
import Hummingbird
import NIOCore
import ServiceLifecycle
import Storage
import Wire

extension WebService {
    /// How much of a log a page shows.
    private static let tail: Int64 = 200 << 10
    private static let piece = 64 << 10
    /// Ends each piece of markup, so that a reader never takes half of one. The renderer lets no such character through.
    private static let separator: UInt8 = 0x1E

    /// The end of a log as markup, from the beginning of a line on.
    func logPart(_ build: BuildID, _ status: LogStatus) async throws -> BuildPage.LogPart {
        var start = max(0, status.size - Self.tail)
        var bytes: [UInt8] = []
        var end = start
        while end < status.size {
            let piece = try await store.readLog(build, name: status.name, offset: end, limit: Int(status.size - end))
            guard !piece.isEmpty else { break }
            bytes += piece
            end += Int64(piece.count)
        }
        if start > 0, let newline = bytes.prefix(10_000).firstIndex(of: UInt8(ascii: "\n")) {
            bytes.removeFirst(newline + 1)
            start += Int64(newline + 1)
        }
        var renderer = ANSIRenderer()
        var html = renderer.render(bytes)
        html += renderer.finish()
        return BuildPage.LogPart(status: status, start: start, end: end, html: html)
    }

    func addLivePageRoutes(to router: DoorRouter) {
        router.get("/builds/{id}/logs/{name}/live") { request, context in
            let id: BuildID = try context.id("id")
            let name = try context.text("name")
            let offset = try QueryParameters(request, known: ["offset"]).number("offset", in: 0...Int.max) ?? 0
            try await requireVisible(build: id, context.principal)
            // The rings are heard before the look, so that nothing between them is missed.
            let rings = logs.rings(build: id, name: name)
            guard try await store.logStatus(id, name: name) != nil else { throw Problem.notFound("build \(id) has no log of that name") }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"], body: rendered(id, name, from: Int64(offset), rings))
        }
    }

    /// The log as markup, and on as it grows.
    private func rendered(_ build: BuildID, _ name: String, from start: Int64, _ rings: AsyncStream<Void>) -> ResponseBody {
        ResponseBody { writer in
            var renderer = ANSIRenderer()
            try await followLog(build, name, from: start, piece: Self.piece, rings) { bytes in
                let html = renderer.render(bytes)
                guard !html.isEmpty else { return }
                var buffer = ByteBuffer(string: html.text)
                buffer.writeInteger(Self.separator)
                try await writer.write(buffer)
            }
            try await writer.write(ByteBuffer(string: renderer.finish().text))
            try await writer.finish(nil)
        }
    }
}
