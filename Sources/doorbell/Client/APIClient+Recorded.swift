import Domain
import Foundation

extension APIClient {
    /// The configuration of a revision, or of the one in force; an empty one while none was applied.
    func revision(_ number: Int64?) async throws -> (id: ConfigurationID?, configuration: Configuration) {
        var number = number
        if number == nil {
            number = try Document(try await get("/api/v1/config/revisions", query: [("limit", "1")]))["items"].items.first?["id"].number
        }
        guard let number else { return (nil, Configuration(project: "")) }
        let data = try await get("/api/v1/config/revisions/\(number)")
        do {
            return (ConfigurationID(number), try JSONDecoder().decode(RecordedRevision.self, from: data).configuration)
        } catch {
            throw CommandFailure(.data, "this program cannot read revision \(number) of the configuration: does a newer Doorbell answer at \(base)?")
        }
    }

    func change(_ id: Int64) async throws -> Change { try Change(Document(try await get("/api/v1/changes/\(id)"))) }

    /// The newest changes, in the order of their acceptance.
    ///
    /// - Parameters:
    ///   - since: those that were accepted before it are left out.
    ///   - limit: how many; more are left where they are, and `isCut` says so.
    func changes(since: Timestamp?, limit: Int) async throws -> (changes: [Change], isCut: Bool) {
        var changes: [Change] = []
        var after: String?
        while true {
            let page = try Document(try await get("/api/v1/changes", query: [("limit", "200"), ("after", after)]))
            for item in page["items"].items {
                let change = try Change(item)
                if let since, change.accepted < since { return (Self.ordered(changes), false) }
                guard changes.count < limit else { return (Self.ordered(changes), true) }
                changes.append(change)
            }
            guard !page["next"].isAbsent else { return (Self.ordered(changes), false) }
            after = page["next"].text
        }
    }

    static func ordered(_ changes: [Change]) -> [Change] { changes.sorted { ($0.accepted, $0.id) < ($1.accepted, $1.id) } }
}

private struct RecordedRevision: Decodable {
    var configuration: Configuration
}

extension Change {
    /// - Parameter document: a change as the API shows it.
    fileprivate init(_ document: Document) throws {
        guard let id = document["id"].number, let accepted = document["accepted"].time else {
            throw CommandFailure(.internalError, "the server's answer holds no change: is this address a Doorbell?")
        }
        var content = NewChange(
            source: document["source"].text, project: document["project"].text, repository: document["repository"].text,
            branch: document["branch"].text, revision: document["revision"].text, author: document["author"].text,
            comments: document["comments"].text, files: document["files"].items.map(\.text), category: document["category"].text,
            when: document["when"].time)
        if case .object(let properties) = document["properties"].value { content.properties = properties }
        self.init(id: ChangeID(id), chain: ChainID(document["chain"].text), accepted: accepted, content: content)
    }
}
