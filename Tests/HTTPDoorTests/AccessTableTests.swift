import Foundation
import Testing

@testable import HTTPDoor

@Suite struct AccessTableTests {
    private static let document: String = {
        var path = #filePath
        for _ in 0..<3 { path = (path as NSString).deletingLastPathComponent }
        return path + "/docs/security.md"
    }()

    @Test("The table of routes in the document on security is the one that the gate goes by")
    func documented() throws {
        let methods = ["GET", "POST", "PATCH", "DELETE"]
        let rows = try String(contentsOfFile: Self.document, encoding: .utf8).split(separator: "\n").filter { row in
            methods.contains { row.hasPrefix("| `\($0) ") }
        }
        #expect(rows.map(String.init) == AccessTable.routes.map(Self.row))
    }

    @Test("No route is in the table twice, and what reads is asked for as what it reads")
    func unique() {
        #expect(Set(AccessTable.routes.map(\.route)).count == AccessTable.routes.count)
        #expect(AccessTable.rule("HEAD", "/api/v1/tokens") == .role(.admin, .none))
        #expect(AccessTable.rule("PUT", "/api/v1/tokens") == nil && AccessTable.rule("GET", "/api/v1/nothing") == nil)
        #expect(AccessTable.rule("POST", "/schemas/events/v1/build.finished.json") == nil)
        #expect(AccessTable.methods(of: "/api/v1/tokens") == ["GET", "HEAD", "OPTIONS", "POST"])
    }

    private static func row(_ route: String, _ rule: RouteRule) -> String {
        func bound(_ reach: RouteRule.Reach) -> String {
            switch reach {
            case .own: "its projects"
            case .home: "where the configuration's project is its own"
            case .none: "no"
            }
        }
        let (who, reach) =
            switch rule {
            case .open: ("anybody", "")
            case .proof: ("whoever [signs it](sources.md#let-a-forge-tell)", "")
            case .session: ("the worker's session", "")
            case .worker: ("worker", "")
            case .role(let role, let reach): (role.rawValue, bound(reach))
            case .page(let reach): ("reader", bound(reach))
            }
        return "| `\(route)` | \(who) | \(reach) |"
    }
}
