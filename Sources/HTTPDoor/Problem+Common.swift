import Wire

/// The problems that several routes answer with: one spelling of each.
extension Problem {
    public static func badRequest(_ detail: String) -> Problem {
        Problem(status: 400, code: "bad_request", title: "The request cannot be understood", detail: detail)
    }

    public static func invalidParameter(_ name: String, _ detail: String) -> Problem {
        Problem(
            status: 400, code: "invalid_parameter", title: "A query parameter is wrong", detail: "\(name): \(detail)")
    }

    public static func invalidJSON(_ detail: String) -> Problem {
        Problem(status: 400, code: "invalid_json", title: "The body is not JSON", detail: detail)
    }

    public static func unauthorized(_ detail: String) -> Problem {
        Problem(status: 401, code: "unauthorized", title: "The credentials are not accepted", detail: detail)
    }

    public static func forbidden(_ detail: String) -> Problem {
        Problem(status: 403, code: "forbidden", title: "The request is refused", detail: detail)
    }

    public static func insufficientRole(_ detail: String) -> Problem {
        Problem(status: 403, code: "insufficient_role", title: "The token does not have the role for this", detail: detail)
    }

    public static func outsideProjects(_ detail: String) -> Problem {
        Problem(status: 403, code: "outside_projects", title: "The token is bound to other projects", detail: detail)
    }

    public static func notFound(_ detail: String) -> Problem {
        Problem(status: 404, code: "not_found", title: "Not found", detail: detail)
    }

    public static func methodNotAllowed(_ detail: String) -> Problem {
        Problem(status: 405, code: "method_not_allowed", title: "The path does not have this method", detail: detail)
    }

    public static func conflict(_ detail: String) -> Problem {
        Problem(status: 409, code: "conflict", title: "The request contradicts the present state", detail: detail)
    }

    public static func gone(_ detail: String) -> Problem {
        Problem(status: 410, code: "gone", title: "It has ended", detail: detail)
    }

    public static func tooLarge(_ detail: String) -> Problem {
        Problem(status: 413, code: "too_large", title: "The body is too large", detail: detail)
    }

    public static func unsupportedType(_ detail: String) -> Problem {
        Problem(status: 415, code: "unsupported_type", title: "The body has the wrong type", detail: detail)
    }

    /// A field of the body is wrong; `pointer` is a JSON pointer to it.
    public static func invalidField(_ pointer: String, _ detail: String) -> Problem {
        invalidFields([FieldError(pointer: pointer, detail: detail)])
    }

    public static func invalidFields(_ errors: [FieldError]) -> Problem {
        Problem(
            status: 422, code: "invalid_field", title: "A field of the body is wrong",
            detail: errors.map { "\($0.pointer.isEmpty ? "the body" : $0.pointer): \($0.detail)" }.joined(separator: "; "), errors: errors)
    }

    public static func tooMany(_ detail: String) -> Problem {
        Problem(status: 429, code: "too_many_requests", title: "Too much at once", detail: detail)
    }

    /// Nothing was changed; the same request may be sent again.
    public static func unavailable(_ detail: String) -> Problem {
        Problem(status: 503, code: "unavailable", title: "Not at the moment", detail: detail)
    }

    public static let internalError = Problem(
        status: 500, code: "internal_error", title: "Something went wrong in the server", detail: "the cause is in the server's log")
}
