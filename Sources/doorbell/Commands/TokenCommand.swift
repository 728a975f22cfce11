import ArgumentParser
import Domain
import Foundation
import Runtime
import Storage
import Wire

/// `doorbell token`: makes, lists and revokes tokens, through the API or at the database itself.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke the tokens by which callers say who they are.",
        discussion: """
            The running Doorbell is asked, which takes the token of an admin. With --direct the database itself is: that is how the first token is \
            made. A data directory that a running Doorbell holds can be asked by nobody else.
            """,
        subcommands: [List.self, Create.self, Revoke.self], defaultSubcommand: List.self)

    /// Where the database is, for those who ask it themselves.
    struct DirectOptions: ParsableArguments {
        @Flag(help: "At the database itself (DOORBELL_DATABASE_URL, or the data directory), without a server.") var direct = false
        @Option(help: "With --direct: directory of the database (DOORBELL_DATA_DIR; .doorbell).") var dataDir: String?

        func validate() throws {
            guard direct || dataDir == nil else { throw ValidationError("--data-dir goes with --direct") }
        }

        func access() throws -> DirectAccess { DirectAccess(settings: try Failures.settings(dataDirectory: dataDir, listen: nil)) }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List every token that was ever made, the newest first. Secrets are nowhere.")
        @OptionGroup var client: ClientOptions
        @OptionGroup var direct: DirectOptions

        func run() async throws {
            guard direct.direct else {
                return try await client.client().show("/api/v1/tokens", query: [("limit", "200")], json: client.json) {
                    Self.table($0["items"].items)
                }
            }
            let rows = try await Failures.translating { try await direct.access().list() }
            let documents = rows.map { TokenDocument(row: $0) }
            let data = try TokenCommand.encoder.encode(documents)
            StandardOutput.write(
                client.json ? "{\"items\":\(String(decoding: data, as: UTF8.self))}\n" : Self.table(try Document(data).items))
        }

        private static func table(_ tokens: [Document]) -> String {
            var table = Table("ID", "NAME", "ROLE", "FOR", "MADE", "BY", "USED", "STATE")
            for token in tokens {
                let scope =
                    token["projects"].isAbsent ? token["workers"].text : token["projects"].items.map(\.text).joined(separator: ", ")
                let expires = token["expires"].time
                let state =
                    !token["revoked"].isAbsent
                    ? "revoked" : expires.map { $0 <= Phrases.now ? "expired" : "until \($0)" } ?? "good"
                table.rows.append([
                    token["id"].text, Phrases.firstLine(token["name"].text, limit: 30), token["role"].text, Phrases.firstLine(scope, limit: 40),
                    token["created"].time.map(Phrases.age) ?? "", Phrases.firstLine(token["by"].text, limit: 30),
                    token["used"].time.map(Phrases.age) ?? "never", state,
                ])
            }
            return table.rows.isEmpty ? "no tokens\n" : table.render()
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token, and print it: this once, for only its hash is kept.",
            discussion: """
                Roles: a reader looks; a submitter also submits changes and tries; an operator also forces, cancels and steers workers; an admin also \
                applies configurations and makes tokens. A worker opens sessions under the names that --worker says, and reaches nothing else.
                """)
        @OptionGroup var client: ClientOptions
        @OptionGroup var direct: DirectOptions
        @Argument(help: "What it is called, in lists and in the audit.") var name: String
        @Option(help: "reader, submitter, operator, admin or worker.") var role: String
        @Option(name: .customLong("project"), help: "A project that it sees and steers; repeat it for more. All when absent.") var projects:
            [String] =
                []
        @Option(name: .customLong("worker"), help: "For a worker: its name, or a pattern such as \"linux-*\".") var worker: String?
        @Option(help: "When it ends: a time, or how long from now, as in 90d or 12h. Never when absent.") var expires: String?

        func validate() throws {
            guard AccessRole(rawValue: role) != nil else {
                throw ValidationError("--role is one of \(AccessRole.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            if let expires, Self.moment(expires) == nil { throw ValidationError("--expires is a time, or how long from now, as in 90d or 12h") }
        }

        func run() async throws {
            let grant = TokenGrant(
                name: name, role: AccessRole(rawValue: role) ?? .reader, projects: projects.isEmpty ? nil : projects, workers: worker,
                expires: expires.flatMap(Self.moment))
            let document: Document
            if direct.direct {
                let problems = grant.problems(now: Phrases.now)
                guard problems.isEmpty else {
                    throw CommandFailure(.data, problems.map { "\($0.pointer.dropFirst()): \($0.detail)" }.joined(separator: "\n  "))
                }
                let (row, token) = try await Failures.translating { try await direct.access().create(grant) }
                document = try Document(TokenCommand.encoder.encode(TokenDocument(row: row, token: token)))
            } else {
                let body = TokenBody(name: grant.name, role: grant.role, projects: grant.projects, workers: grant.workers, expires: grant.expires)
                document = try Document(try await client.client().post("/api/v1/tokens", body: body).body)
            }
            if client.json { return StandardOutput.write(try document.json + "\n") }
            // The token alone, so that it can go into a file.
            StandardError.write("token \(document["id"].text), \(document["role"].text): keep it, it is shown this once\n")
            StandardOutput.write(document["token"].text + "\n")
        }

        private static func moment(_ text: String) -> Timestamp? {
            if let moment = Timestamp(text) { return moment }
            // How long ago, the other way round.
            return Phrases.moment(text).map { Phrases.now.advanced(by: Phrases.now.since($0)) }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a token for good, and whoever signed in with it; sessions of workers that it opened end too.")
        @OptionGroup var client: ClientOptions
        @OptionGroup var direct: DirectOptions
        @Argument(help: "The token's number.") var id: Int64

        func run() async throws {
            guard direct.direct else {
                return try await client.client().ask("/api/v1/tokens/\(id)/revoke", body: [String: String](), json: client.json, print: Self.sentence)
            }
            guard let row = try await Failures.translating({ try await direct.access().revoke(TokenID(id)) }) else {
                throw CommandFailure(.data, "there is no token \(id)")
            }
            let document = try Document(TokenCommand.encoder.encode(TokenDocument(row: row)))
            StandardOutput.write(client.json ? try document.json + "\n" : Self.sentence(document))
        }

        private static func sentence(_ token: Document) -> String {
            "token \(token["id"].text) (\(Table.printable(token["name"].text))) is revoked\n"
        }
    }

    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return encoder
    }()
}

extension TokenDocument {
    fileprivate init(row: TokenRow, token: String? = nil) {
        self.init(id: row.id, grant: row.grant, created: row.created, by: row.by, revoked: row.revoked, used: row.used, token: token)
    }
}
