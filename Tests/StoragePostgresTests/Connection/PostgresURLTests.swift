import Storage
import Testing

@testable import StoragePostgres

@Suite struct PostgresURLTests {
    struct Good: Sendable, CustomStringConvertible {
        var url: String
        var description: String
        var parameters: [String: String] = [:]
        var usesSession = true
    }

    static let good = [
        Good(url: "postgres://db/ci", description: "db:5432/ci", parameters: ["dbname": "ci", "target_session_attrs": "read-write"]),
        Good(url: "postgresql://u@db:5433/ci", description: "u@db:5433/ci", parameters: ["user": "u"]),
        Good(url: "postgres://u:s%40%2F%3Fcret@db/ci", description: "u@db:5432/ci", parameters: ["password": "s@/?cret"]),
        Good(url: "postgres://u:a:b@db/ci", description: "u@db:5432/ci", parameters: ["password": "a:b"]),
        Good(url: "postgres://u@a:1,b,[::1]:3/ci", description: "u@a:1,b:5432,[::1]:3/ci"),
        Good(url: "postgres:///ci", description: "the local socket/ci"),
        Good(url: "postgres:///ci?host=/run/pg&port=5433", description: "/run/pg:5433/ci"),
        Good(url: "postgres:///ci?host=a,b&port=1,2", description: "a:1,b:2/ci"),
        Good(url: "postgres://%2Frun%2Fpg/ci", description: "/run/pg:5432/ci"),
        Good(
            url: "postgres://db/ci?sslmode=verify-full&sslrootcert=/etc/ca.pem&application_name=x", description: "db:5432/ci",
            parameters: ["sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "application_name": "x"]),
        Good(url: "postgres://db/ci?prepared=off", description: "db:5432/ci", usesSession: false),
    ]

    @Test("A URL gives its hosts, database and parameters, and is described without its password", arguments: good)
    func reads(_ example: Good) throws {
        let address = try PostgresAddress(example.url)
        #expect(address.description == example.description)
        #expect(address.usesSession == example.usesSession)
        for (name, value) in example.parameters { #expect(address.parameters[name] == value) }
        #expect(address.parameters["prepared"] == nil && address.parameters["connect_timeout"] == nil)
        #expect((address.parameters["options"]?.contains("statement_timeout") ?? false) == example.usesSession)
    }

    static let bad: [(url: String, says: String)] = [
        ("mysql://u:secret@db/ci", "neither postgres:// nor sqlite:"),
        ("postgres://u:secret@db/ci?sslmod=require", "did you mean sslmode?"),
        ("postgres://u:secret@db/ci?colour=secret", "there is no parameter \"colour\"; known: "),
        ("postgres://u:secret@db/ci?sslmode=on", "sslmode is none of disable"),
        ("postgres://u:secret@db/ci?prepared=no", "prepared is none of on, off"),
        ("postgres://u:secret@db/ci?target_session_attrs=standby", "target_session_attrs is none of"),
        ("postgres://u:secret@db/ci?sslmode", "\"sslmode\" has no value"),
        ("postgres://u:secret@db/ci?user=v", "user is given twice"),
        ("postgres://u:sec/ret@db/ci", "written as %2F"),
        ("postgres://u:sec?ret@db/ci", "written as %2F"),
        ("postgres://u:sec#ret@db/ci", "written as %2F"),
        ("postgres://u:sec%ret@db/ci", "write \"%\" itself as %25"),
        ("postgres://u:sec%00ret@db/ci", "write \"%\" itself as %25"),
        ("postgres://u:sec%FFret@db/ci", "not UTF-8"),
        ("postgres://u:secret/ci", "no port from 1 to 65535"),
        ("postgres://u:secret@db:0/ci", "no port from 1 to 65535"),
        ("postgres://u:secret@db:65536/ci", "no port from 1 to 65535"),
        ("postgres://u:secret@[::1]5432/ci", "other than a port"),
        ("postgres://u:secret@db/ci/secret", "name holds a \"/\""),
        ("postgres://u:secret@db,,e/ci", "one of its hosts is empty"),
        ("postgres://u:secret@db/ci?host=e", "the host is given twice"),
        ("postgres://u:secret@db/ci?connect_timeout=0", "from 1 to 300"),
        ("postgres://u:secret@db/c i", "spaces or control characters"),
        ("postgres://u:secret@db/ci?SECRET=1", "other characters than a to z"),
        ("postgres:///ci?host=a,b&port=1,2,3", "not as many ports as hosts"),
        ("postgres://" + (0..<17).map { "h\($0)" }.joined(separator: ",") + "/ci", "more than 16 hosts"),
    ]

    @Test("A URL with a mistake is refused in one line that says what to do and quotes no secret", arguments: bad)
    func refuses(_ url: String, _ says: String) {
        let error = #expect(throws: StoreError.self) { _ = try PostgresAddress(url) }
        guard case .configuration(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.contains(says), "\(text)")
        #expect(text.contains("expected postgres://"))
        for piece in ["secret", "sec", "ret"] where piece != "sec" || !text.contains("seconds") { #expect(!text.contains(piece), "\(text)") }
        #expect(!text.contains("\n"))
    }
}
