import FoundationEssentials
import HTTPTypes
import Hummingbird
import Wire

extension Response {
    /// An answer with a JSON document.
    public static func json(_ document: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) throws -> Response {
        Response(document: try DoorJSON.encoder.encode(document), type: "application/json", status: status, headers: headers)
    }

    /// An answer with a problem; 503 and 429 say when to come back, 401 how to identify oneself.
    public init(problem: Problem) {
        var headers = HTTPFields()
        if problem.status == 503 || problem.status == 429 { headers[.retryAfter] = String(problem.retryAfter ?? 1) }
        if problem.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        // The document has only texts and a number, so that it cannot fail to encode; an empty body still carries the status.
        let body = (try? DoorJSON.encoder.encode(problem)) ?? Data()
        self.init(document: body, type: Problem.contentType, status: HTTPResponse.Status(code: problem.status), headers: headers)
    }

    public init(document: Data, type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.contentType] = type
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: document)))
    }
}
