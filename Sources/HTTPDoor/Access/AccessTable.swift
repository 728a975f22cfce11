import Domain

/// Who may call what: every route of every service. A route that is not here is called by nobody where tokens are asked for, and a test says so.
public enum AccessTable {
    /// In the order in which `docs/security.md` shows them.
    public static let routes: [(route: String, rule: RouteRule)] = [
        ("GET /livez", .open), ("GET /readyz", .open), ("GET /metrics", .open),
        ("GET /assets/doorbell.css", .open), ("GET /assets/doorbell.js", .open), ("GET /assets/doorbell.svg", .open), ("GET /favicon.ico", .open),
        ("GET /schemas/config/v1.json", .open), ("GET /schemas/asyncapi.json", .open), ("GET /schemas/openapi.json", .open),
        ("GET /references/v1/events.json", .open),
        ("GET /sign-in", .open), ("POST /sign-in", .open),

        ("POST /hooks/{source}", .proof),

        ("POST /worker/v1/sessions", .worker),
        ("POST /worker/v1/sessions/{session}/claim", .session), ("POST /worker/v1/sessions/{session}/reports", .session),
        ("DELETE /worker/v1/sessions/{session}", .session), ("POST /worker/v1/builds/{build}/trigger", .session),
        ("POST /worker/v1/builds/{build}/secrets", .session), ("POST /worker/v1/builds/{build}/patch", .session),
        ("PATCH /worker/v1/builds/{build}/logs/{name}", .session),

        ("GET /api/v1/changes", .role(.reader, .own)), ("GET /api/v1/changes/{id}", .role(.reader, .own)),
        ("GET /api/v1/changes/{id}/why", .role(.reader, .own)),
        ("GET /api/v1/buildsets", .role(.reader, .own)), ("GET /api/v1/buildsets/{id}", .role(.reader, .own)),
        ("GET /api/v1/requests", .role(.reader, .own)), ("GET /api/v1/requests/{id}", .role(.reader, .own)),
        ("GET /api/v1/requests/{id}/why", .role(.reader, .own)),
        ("GET /api/v1/builds", .role(.reader, .own)), ("GET /api/v1/builds/{id}", .role(.reader, .own)),
        ("GET /api/v1/builds/{id}/logs/{name}", .role(.reader, .own)),
        ("GET /api/v1/events", .role(.reader, .own)), ("GET /api/v1/events/latest", .role(.reader, .own)),
        ("GET /api/v1/builders", .role(.reader, .home)), ("GET /api/v1/builders/{name}", .role(.reader, .home)),
        ("GET /api/v1/schedulers", .role(.reader, .home)), ("GET /api/v1/schedulers/{name}", .role(.reader, .home)),
        ("GET /api/v1/sources", .role(.reader, .home)), ("GET /api/v1/sources/{name}", .role(.reader, .home)),
        ("GET /api/v1/workers", .role(.reader, .none)), ("GET /api/v1/workers/{name}", .role(.reader, .none)),
        ("GET /api/v1/services", .role(.reader, .none)), ("GET /api/v1/doctor", .role(.reader, .none)),

        ("POST /api/v1/changes", .role(.submitter, .own)), ("POST /api/v1/try", .role(.submitter, .home)),
        ("POST /api/v1/sources/{name}/poll", .role(.submitter, .none)),

        ("POST /api/v1/builders/{name}/force", .role(.operator, .home)), ("POST /api/v1/builds/{id}/rebuild", .role(.operator, .own)),
        ("POST /api/v1/builds/{id}/cancel", .role(.operator, .own)), ("POST /api/v1/requests/{id}/cancel", .role(.operator, .own)),
        ("POST /api/v1/requests/{id}/priority", .role(.operator, .own)),
        ("POST /api/v1/workers/{name}/pause", .role(.operator, .none)), ("POST /api/v1/workers/{name}/resume", .role(.operator, .none)),
        ("GET /api/v1/deliveries", .role(.operator, .none)), ("GET /api/v1/deliveries/{id}", .role(.operator, .none)),
        ("POST /api/v1/deliveries/{id}/redeliver", .role(.operator, .none)),

        ("GET /api/v1/subscribers", .role(.operator, .none)), ("GET /api/v1/subscribers/{name}", .role(.operator, .none)),
        ("GET /api/v1/subscribers/{name}/sendings", .role(.operator, .none)),
        ("POST /api/v1/subscribers/{name}/sendings/{id}/send", .role(.operator, .none)),

        ("GET /api/v1/config/revisions", .role(.admin, .none)), ("GET /api/v1/config/revisions/{id}", .role(.admin, .none)),
        ("GET /api/v1/config/diff", .role(.admin, .none)), ("POST /api/v1/config", .role(.admin, .none)),
        ("POST /api/v1/config/reload", .role(.admin, .none)), ("POST /api/v1/config/rollback", .role(.admin, .none)),
        ("GET /api/v1/tokens", .role(.admin, .none)), ("POST /api/v1/tokens", .role(.admin, .none)),
        ("POST /api/v1/tokens/{id}/revoke", .role(.admin, .none)), ("GET /api/v1/audit", .role(.admin, .none)),

        ("GET /", .page(.own)), ("GET /changes", .page(.own)), ("GET /builds/{id}", .page(.own)),
        ("GET /builds/{id}/logs/{name}/live", .role(.reader, .own)), ("GET /workers", .page(.none)), ("GET /services", .page(.none)),
        ("POST /sign-out", .role(.reader, .own)),
    ]

    private static let rules: [String: RouteRule] = Dictionary(routes.map { ($0.route, $0.rule) }) { first, _ in first }
    private static let methods: [String: [String]] = Dictionary(
        grouping: routes.map { $0.route.split(separator: " ", maxSplits: 1).map(String.init) }
    ) {
        $0[1]
    }.mapValues { $0.map { $0[0] } }

    /// The rule of a route by its method and its path as it was declared; nil: nobody may call it.
    public static func rule(_ method: String, _ path: String) -> RouteRule? {
        // Whatever can be read can be asked about.
        if let rule = rules["\(method == "HEAD" ? "GET" : method) \(path)"] { return rule }
        // A schema for each event, all of them public.
        return path.hasPrefix("/schemas/events/v1/") && (method == "GET" || method == "HEAD") ? .open : nil
    }

    /// The methods of a path.
    static func methods(of path: String) -> [String] {
        let methods = methods[path] ?? (path.hasPrefix("/schemas/events/v1/") ? ["GET"] : [])
        return methods.isEmpty ? [] : (methods + (methods.contains("GET") ? ["HEAD"] : []) + ["OPTIONS"]).sorted()
    }
}
