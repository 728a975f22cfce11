import Domain
import HTTPDoor
import HTTPTypes
import HummingbirdTesting
import Testing
import Wire

@testable import Web

/// Every route of the service by every kind of token, through its real door.
@Suite struct AccessRouteTests {
    /// Whom a route is for, told again beside the table that the gate goes by: the least role, and what a bound token gets.
    private static let needs: [(least: AccessRole, bound: Bound, routes: [String])] = [
        (
            .reader, .own,
            [
                "GET /api/v1/changes", "GET /api/v1/changes/{id}", "GET /api/v1/changes/{id}/why", "GET /api/v1/buildsets",
                "GET /api/v1/buildsets/{id}",
                "GET /api/v1/requests", "GET /api/v1/requests/{id}", "GET /api/v1/requests/{id}/why", "GET /api/v1/builds", "GET /api/v1/builds/{id}",
                "GET /api/v1/builds/{id}/logs/{name}", "GET /api/v1/events", "GET /api/v1/events/latest", "GET /builds/{id}/logs/{name}/live",
                "POST /sign-out",
            ]
        ),
        (
            .reader, .home,
            [
                "GET /api/v1/builders", "GET /api/v1/builders/{name}", "GET /api/v1/schedulers", "GET /api/v1/schedulers/{name}",
                "GET /api/v1/sources", "GET /api/v1/sources/{name}",
            ]
        ),
        (.reader, .none, ["GET /api/v1/workers", "GET /api/v1/workers/{name}", "GET /api/v1/services", "GET /api/v1/doctor"]),
        (.submitter, .home, ["POST /api/v1/try"]),
        (
            .operator, .own,
            [
                "POST /api/v1/builds/{id}/rebuild", "POST /api/v1/builds/{id}/cancel", "POST /api/v1/requests/{id}/cancel",
                "POST /api/v1/requests/{id}/priority",
            ]
        ),
        (.operator, .home, ["POST /api/v1/builders/{name}/force"]),
        (
            .operator, .none,
            [
                "POST /api/v1/workers/{name}/pause", "POST /api/v1/workers/{name}/resume", "GET /api/v1/deliveries", "GET /api/v1/deliveries/{id}",
                "POST /api/v1/deliveries/{id}/redeliver",
            ]
        ),
        (
            .admin, .none,
            [
                "GET /api/v1/config/revisions", "GET /api/v1/config/revisions/{id}", "GET /api/v1/config/diff", "POST /api/v1/config",
                "POST /api/v1/config/reload", "POST /api/v1/config/rollback", "GET /api/v1/tokens", "POST /api/v1/tokens",
                "POST /api/v1/tokens/{id}/revoke", "GET /api/v1/audit",
            ]
        ),
    ]

    private enum Bound { case own, home, none }

    private static let ladder: [AccessRole] = [.reader, .submitter, .operator, .admin]

    private static func path(_ route: String, _ found: AccessRig.Found) -> (method: HTTPRequest.Method, path: String) {
        let words = route.split(separator: " ").map(String.init)
        let id: String
        let name: String
        switch words[1] {
        // A log that is being written is followed until it ends: one that is not there will do.
        case let path where path.hasSuffix("/live"): (id, name) = ("\(found.build)", "none")
        case let path where path.contains("/changes/"): (id, name) = ("\(found.change)", "")
        case let path where path.contains("/buildsets/"): (id, name) = ("\(found.made.buildset)", "")
        case let path where path.contains("/requests/"): (id, name) = ("\(found.made.request)", "")
        case let path where path.contains("/builds/"): (id, name) = ("\(found.build)", "1-unit")
        case let path where path.contains("/schedulers/"): (id, name) = ("", "commits")
        case let path where path.contains("/sources/"): (id, name) = ("", "repo")
        case let path where path.contains("/workers/"): (id, name) = ("", "w1")
        default: (id, name) = ("999", "test")
        }
        let path = words[1].replacing("{id}", with: id).replacing("{name}", with: name)
        return (HTTPRequest.Method(rawValue: words[0]) ?? .get, path + (path.hasSuffix("/events") ? "?follow=0" : ""))
    }

    @Test("Each role may call what it is for, and is told which role it lacks for everything else")
    func roles() async throws {
        try await AccessRig.with { rig in
            let tokens = try await Self.ladder.asyncMap { role in (role, try await rig.token(role)) }
            let worker = try await rig.token(.worker)
            for (least, _, routes) in Self.needs {
                for route in routes {
                    let (method, path) = Self.path(route, rig.demo)
                    let body = method == .get ? nil : "{}"
                    let nobody = try await rig.call(method, path, body: body)
                    #expect(nobody.status == .unauthorized && nobody.headers[.wwwAuthenticate] == "Bearer", "\(route)")
                    let stranger = try await rig.call(method, path, token: worker, body: body)
                    #expect(stranger.status == .forbidden && AccessRig.code(stranger) == "insufficient_role", "\(route)")
                    for (role, token) in tokens {
                        let response = try await rig.call(method, path, token: token, body: body)
                        if role.covers(least) {
                            #expect(![401, 403, 405].contains(response.status.code), "\(route) as \(role): \(response.status)")
                        } else {
                            #expect(response.status == .forbidden && AccessRig.code(response) == "insufficient_role", "\(route) as \(role)")
                            let problem = try WebRig.problem(response)
                            #expect(problem.detail?.contains(least.rawValue) == true, "\(route)")
                        }
                    }
                }
            }
        }
    }

    @Test("A token of one project reaches what is of it, and finds nothing of another's")
    func projects() async throws {
        try await AccessRig.with { rig in
            let own = try await rig.token(.operator, projects: ["demo"])
            let foreign = try await rig.token(.operator, projects: ["other"])
            for (least, bound, routes) in Self.needs where AccessRole.operator.covers(least) {
                for route in routes {
                    let (method, path) = Self.path(route, rig.demo)
                    let body = method == .get ? nil : "{}"
                    let mine = try await rig.call(method, path, token: own, body: body)
                    let theirs = try await rig.call(method, path, token: foreign, body: body)
                    switch bound {
                    case .none:
                        #expect([mine.status, theirs.status] == [.forbidden, .forbidden], "\(route)")
                        #expect(AccessRig.code(mine) == "outside_projects", "\(route)")
                    case .home:
                        #expect(![401, 403].contains(mine.status.code), "\(route): \(mine.status)")
                        #expect(theirs.status == .forbidden && AccessRig.code(theirs) == "outside_projects", "\(route)")
                    case .own:
                        #expect(![401, 403].contains(mine.status.code), "\(route): \(mine.status)")
                        #expect(![401, 403].contains(theirs.status.code), "\(route): \(theirs.status)")
                        // A single thing: as if it were not there. The body is judged first, and a priority has to be said.
                        if path.contains(/\/\d/) {
                            let response = route.hasSuffix("priority") ? try await rig.post(path, token: foreign, #"{"priority": 1}"#) : theirs
                            #expect(response.status == .notFound && AccessRig.code(response) == "not_found", "\(route): \(response.status)")
                        }
                    }
                }
            }
        }
    }

    @Test("Lists, events and pages of a bound token hold nothing of other projects")
    func nothingOfOthers() async throws {
        try await AccessRig.with { rig in
            let reader = try await rig.token(.reader, projects: ["other"])
            let everything = try await rig.token(.reader)
            for (path, id) in [
                ("changes", rig.other.change.rawValue), ("buildsets", rig.other.made.buildset.rawValue),
                ("requests", rig.other.made.request.rawValue), ("builds", rig.other.build.rawValue),
            ] {
                let bound = try await rig.document("/api/v1/\(path)?limit=1", token: reader)
                #expect(bound["items"].items.map { $0["id"].integer } == [id] && bound["next"] == .null, "\(path)")
                let all = try await rig.document("/api/v1/\(path)", token: everything)
                #expect(all["items"].items.count == 2, "\(path)")
            }
            let named = try await rig.document("/api/v1/changes?project=demo", token: reader)
            #expect(named["items"].items.isEmpty)
            let events = String(buffer: try await rig.call("/api/v1/events?since=0&follow=0", token: reader).body)
            #expect(events.contains("branch-of-other") && events.contains("log.opened"))
            #expect(!events.contains("of-demo") && !events.contains("\"project\":\"demo\"") && !events.contains("worker.connected"))
            let whole = String(buffer: try await rig.call("/api/v1/events?since=0&follow=0", token: everything).body)
            #expect(whole.contains("branch-of-demo") && whole.contains("worker.connected"))
            for path in ["/", "/changes", "/builds/\(rig.other.build)"] {
                let page = try await rig.call(path, token: reader)
                #expect(page.status == .ok && !String(buffer: page.body).contains("demo<"), "\(path)")
                #expect(String(buffer: page.body).contains("of-other"), "\(path)")
            }
            let why = try await rig.document("/api/v1/changes/\(rig.other.change)/why", token: reader)
            #expect(why["schedulers"].items.isEmpty && why["configuration"] == .null && why["note"] == .null)
            let all = try await rig.document("/api/v1/changes/\(rig.other.change)/why", token: everything)
            #expect(!all["schedulers"].items.isEmpty)
            let home = String(buffer: try await rig.call("/", token: reader).body)
            #expect(home.contains("<title>Doorbell</title>") && !home.contains("demo"))
            let hidden = try await rig.call("/builds/\(rig.demo.build)", token: reader)
            #expect(hidden.status == .notFound)
            let workers = try await rig.call("/workers", token: reader)
            #expect(workers.status == .forbidden && workers.headers[.contentType]?.hasPrefix("text/html") == true)
        }
    }

    @Test("Where anybody may read, they may do nothing else")
    func anonymous() async throws {
        try await AccessRig.with(anonymous: true) { rig in
            let list = try await rig.call("/api/v1/builds", token: nil)
            #expect(list.status == .ok)
            let home = try await rig.call("/", token: nil)
            #expect(home.status == .ok && String(buffer: home.body).contains("href=\"/sign-in\""))
            for path in ["/api/v1/builds/\(rig.demo.build)/cancel", "/api/v1/builders/test/force", "/api/v1/tokens"] {
                let response = try await rig.post(path)
                #expect(response.status == .unauthorized, "\(path)")
            }
            let config = try await rig.call("/api/v1/config/revisions", token: nil)
            #expect(config.status == .unauthorized)
        }
    }

    @Test("A token that is none, of another form, too long or expired, is refused the same way")
    func hostile() async throws {
        try await AccessRig.with { rig in
            let expired = try await rig.token(.reader, expires: Timestamp(seconds: 1_000_000))
            let good = try await rig.token(.reader)
            let wrong = [
                "x", "", "dbl_1_x", expired, good + "x", String(repeating: "y", count: 6000), "dbl_1_" + String(repeating: "é", count: 20),
                good.replacing("dbl_", with: "dbl_9"),
            ]
            for token in wrong {
                let response = try await rig.call("/api/v1/builds", token: token)
                #expect(response.status == .unauthorized && AccessRig.code(response) == "unauthorized", "\(token.prefix(40))")
                #expect(response.headers[.wwwAuthenticate] == "Bearer")
            }
            let basic = try await rig.call(.get, "/api/v1/builds", headers: [.authorization: "Basic \(good)"])
            #expect(basic.status == .unauthorized)
            let spelled = try await rig.call(.get, "/api/v1/builds", headers: [.authorization: "bearer \(good)"])
            #expect(spelled.status == .ok)
        }
    }

    @Test("What nobody may call is told by its methods, and what is not there is not there")
    func others() async throws {
        try await AccessRig.with { rig in
            let missing = try await rig.call("/api/v1/nothing", token: nil)
            #expect(missing.status == .notFound)
            let method = try await rig.call(.delete, "/api/v1/builds")
            #expect(method.status == .methodNotAllowed && method.headers[.allow] == "GET, HEAD, OPTIONS")
            let options = try await rig.call(.options, "/api/v1/builds")
            #expect(options.status == .noContent)
            let schema = try await rig.call("/schemas/events/v1/build.finished.json", token: nil)
            #expect(schema.status == .ok)
        }
    }
}

extension Sequence {
    func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
        var result: [T] = []
        for element in self { result.append(try await transform(element)) }
        return result
    }
}
