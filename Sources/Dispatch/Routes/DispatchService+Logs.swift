import Domain
import HTTPDoor
import HTTPTypes
import Hummingbird
import Storage
import Wire

extension DispatchService {
    /// `PATCH builds/{build}/logs/{name}`: the bytes of a log from an offset on. A repeat changes nothing, a gap is 416.
    func appendLog(_ request: Request, _ context: DoorContext) async throws -> Response {
        let session: SessionID = try Self.header(WorkerProtocol.sessionHeader, of: request, as: { SessionID($0) })
        let known = try await authenticate(session, request)
        let build: BuildID = try context.id("build")
        let name = try context.text("name")
        guard SafeText.isName(name) else {
            throw Problem.notFound("a log's name has 1 to 150 letters, digits, \".\", \"_\" or \"-\" and does not begin with \".\" or \"-\"")
        }
        let fence = try Self.header(WorkerProtocol.fenceHeader, of: request) { text in Int64(text).flatMap { $0 > 0 ? Fence($0) : nil } }
        let step = try Self.header(WorkerProtocol.stepHeader, of: request) { text in Int(text).flatMap { (1...100_000).contains($0) ? $0 : nil } }
        guard let range = request.headers[.contentRange].flatMap(ContentRange.init) else {
            throw Problem.badRequest("Content-Range: expected \"bytes FIRST-LAST/*\"")
        }
        guard range.count <= WorkerProtocol.logChunkLimit else {
            throw Problem.tooLarge("at most \(WorkerProtocol.logChunkLimit) bytes of a log are taken in one call")
        }
        let bytes = try await request.bytes(limit: WorkerProtocol.logChunkLimit)
        guard bytes.readableBytes == range.count else {
            throw Problem.badRequest("Content-Range names \(range.count) bytes, the body has \(bytes.readableBytes)")
        }
        let append = LogAppend(
            build: build, session: known.id, fence: fence, name: name, step: step, offset: range.first, bytes: Array(bytes.readableBytesView))
        let answer = try await watch.watching { [store] in try await store.appendLog(append) }
        return try respond(to: append, answer)
    }

    private func respond(to append: LogAppend, _ answer: LogAppendAnswer) throws -> Response {
        var response: Response
        let size: Int64
        switch answer {
        case .accepted(let held, let grew):
            if grew { logs.ring(build: append.build, name: append.name, offset: append.offset, size: held) }
            response = Response(status: .accepted)
            size = held
        case .gap(let held):
            response = Response(
                problem: Problem(
                    status: 416, code: "log_gap", title: "The bytes before these are missing",
                    detail: "the server has \(held) bytes, the call begins at \(append.offset)"))
            size = held
        case .stale(let detail): throw Problem.conflict(detail)
        case .notFound: throw Problem.notFound("this session has no such build")
        }
        response.headers[.range] = ContentRange.held(size)
        if registry.isCancelled(append.build, session: append.session), let control = HTTPField.Name(WorkerProtocol.controlHeader) {
            response.headers[control] = ControlDocument.Action.cancel.rawValue
        }
        return response
    }

    private static func header<Value>(_ name: String, of request: Request, as read: (String) -> Value?) throws -> Value {
        guard let field = HTTPField.Name(name), let text = request.headers[field], let value = read(text) else {
            throw Problem.badRequest("\(name): expected a number from 1")
        }
        return value
    }
}
