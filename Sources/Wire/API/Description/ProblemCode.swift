/// A stable code of a problem, as every answer with one has it.
public struct ProblemCode: Sendable {
    public var status: Int
    public var code: String
    /// What whoever is answered so can do.
    public var remedy: String

    /// Every code that the HTTP API answers with, by status.
    public static let all = [
        ProblemCode(400, "bad_request", "mend the request"),
        ProblemCode(400, "invalid_json", "send JSON in UTF-8"),
        ProblemCode(400, "invalid_parameter", "mend the query parameter that is named"),
        ProblemCode(400, "invalid_idempotency_key", "send 1 to 200 printable characters"),
        ProblemCode(401, "unauthorized", "send a token that is good here as `Authorization: Bearer`; a forge signs its call"),
        ProblemCode(403, "forbidden", "use a token with the role that is named; write from this server's own pages or from a program"),
        ProblemCode(403, "insufficient_role", "use a token with the role that is named"),
        ProblemCode(403, "outside_projects", "use a token of that project"),
        ProblemCode(404, "not_found", "look at the list for what there is"),
        ProblemCode(405, "method_not_allowed", "use a method that `Allow` names"),
        ProblemCode(409, "conflict", "look at the present state first"),
        ProblemCode(409, "stale_configuration", "look at the configuration in force first"),
        ProblemCode(410, "gone", "start anew: read the state first"),
        ProblemCode(413, "too_large", "send less"),
        ProblemCode(415, "unsupported_type", "send `Content-Type: application/json`"),
        ProblemCode(416, "log_gap", "send what is missing first"),
        ProblemCode(416, "range_not_satisfiable", "ask for a range within the log"),
        ProblemCode(421, "unknown_host", "use a name that the server knows"),
        ProblemCode(422, "invalid_field", "mend the fields that are named"),
        ProblemCode(422, "invalid_configuration", "mend the configuration"),
        ProblemCode(422, "idempotency_key_reused", "use another key for another request"),
        ProblemCode(422, "unsupported_protocol", "use a worker that speaks a version that is named"),
        ProblemCode(429, "too_many_requests", "send it again after `Retry-After`"),
        ProblemCode(500, "internal_error", "look at the server's log"),
        ProblemCode(503, "unavailable", "nothing was changed: send the same again after `Retry-After`"),
    ]

    private init(_ status: Int, _ code: String, _ remedy: String) {
        self.status = status
        self.code = code
        self.remedy = remedy
    }

    static func codes(of status: Int) -> [ProblemCode] { all.filter { $0.status == status } }
}
