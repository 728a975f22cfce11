import Domain
import HTTPDoor
import Hummingbird
import Storage
import Wire

extension WebService {
    func addListRoutes(to router: DoorRouter) {
        router.get("/api/v1/changes") { request, context in
            let reading = try list(request, ["project", "repository", "branch", "revision", "author", "source", "chain"], of: .change)
            let parameters = reading.parameters
            var fields = ChangeFilterFields()
            fields.project = parameters.text("project")
            fields.repository = parameters.text("repository")
            fields.branch = parameters.text("branch")
            fields.revision = parameters.text("revision")
            fields.author = parameters.text("author")
            fields.source = parameters.text("source")
            fields.chain = parameters.text("chain").map { ChainID($0) }
            fields.projects = context.principal.scope
            let query = try parameters.page(fields)
            return try page(await store.changes(beyond(query)), query, reading, id: \.id.rawValue, ChangeDocument.init)
        }
        router.get("/api/v1/buildsets") { request, context in
            let reading = try list(request, ["scheduler", "branch", "revision", "outcome", "finished", "change"], of: .buildset)
            let parameters = reading.parameters
            var fields = BuildsetFields()
            fields.scheduler = parameters.text("scheduler")
            fields.branch = parameters.text("branch")
            fields.revision = parameters.text("revision")
            fields.outcome = try parameters.word("outcome")
            fields.finished = parameters.text("finished") == nil ? nil : try parameters.flag("finished")
            fields.change = try parameters.id("change")
            fields.projects = context.principal.scope
            let query = try parameters.page(fields)
            return try page(await store.buildsets(beyond(query)), query, reading, id: \.id.rawValue, BuildsetDocument.init)
        }
        router.get("/api/v1/requests") { request, context in
            let reading = try list(request, ["buildset", "builder", "branch", "phase", "outcome"], of: .request)
            let parameters = reading.parameters
            var fields = RequestFields()
            fields.buildset = try parameters.id("buildset")
            fields.builder = parameters.text("builder")
            fields.branch = parameters.text("branch")
            fields.phase = try parameters.word("phase")
            fields.outcome = try parameters.word("outcome")
            fields.projects = context.principal.scope
            let query = try parameters.page(fields)
            return try page(await store.requests(beyond(query)), query, reading, id: \.id.rawValue, RequestDocument.init)
        }
        router.get("/api/v1/builds") { request, context in
            let reading = try list(
                request, ["builder", "worker", "branch", "revision", "phase", "outcome", "request", "buildset"], of: .buildSummary)
            let parameters = reading.parameters
            var fields = BuildFields()
            fields.builder = parameters.text("builder")
            fields.worker = parameters.text("worker")
            fields.branch = parameters.text("branch")
            fields.revision = parameters.text("revision")
            fields.phase = try parameters.word("phase")
            fields.outcome = try parameters.word("outcome")
            fields.request = try parameters.id("request")
            fields.buildset = try parameters.id("buildset")
            fields.projects = context.principal.scope
            let query = try parameters.page(fields)
            return try page(await store.builds(beyond(query)), query, reading, id: \.id.rawValue, BuildSummary.init)
        }
        addNamedListRoutes(to: router)
    }

    /// The lists that are short, and so come whole.
    private func addNamedListRoutes(to router: DoorRouter) {
        router.get("/api/v1/builders") { request, _ in
            let reading = try Reading(request, of: .builder)
            return try reading.answer(list: PageDocument(items: try await builders(), next: nil))
        }
        router.get("/api/v1/workers") { request, _ in
            let reading = try Reading(request, of: .worker)
            return try reading.answer(list: PageDocument(items: try await store.workers().map(WorkerDocument.init), next: nil))
        }
        router.get("/api/v1/services") { request, _ in
            let reading = try Reading(request, of: .service)
            return try reading.answer(list: PageDocument(items: try await services(), next: nil))
        }
        router.get("/api/v1/schedulers") { request, _ in
            let reading = try Reading(request, of: .scheduler)
            return try reading.answer(list: PageDocument(items: surroundings.configuration()?.configuration.schedulers ?? [], next: nil))
        }
        router.get("/api/v1/sources") { request, _ in
            let reading = try Reading(request, of: .source)
            return try reading.answer(list: PageDocument(items: try await sources(), next: nil))
        }
    }

    func builders() async throws -> [BuilderDocument] {
        let counts = Dictionary(try await store.builderCounts().map { ($0.builder, $0) }) { first, _ in first }
        return (surroundings.configuration()?.configuration.builders ?? []).map { builder in
            let count = counts[builder.name]
            return BuilderDocument(
                builder, pending: count?.pending ?? 0, claimed: count?.claimed ?? 0, oldestPending: count?.oldestPending)
        }
    }

    func services() async throws -> [ServiceDocument] { try await store.services().map(ServiceDocument.init) }

    func sources() async throws -> [SourceDocument] {
        let states = try await store.sources()
        guard let configuration = surroundings.configuration()?.configuration else { return [] }
        let documents =
            configuration.sources.map { SourceDocument($0) } + configuration.mercurial.map { SourceDocument($0) }
            + configuration.hooks.map { SourceDocument($0) }
            + configuration.feeds.map { SourceDocument($0) } + configuration.directories.map { SourceDocument($0) }
            + configuration.lists.map { SourceDocument($0) }
        return documents.map { document in
            var document = document
            let health = states[document.name]?.health
            document.healthy = health?.healthy
            document.message = health?.message
            document.since = health?.since
            let ties = configuration.ties(of: document.name)
            document.project = ties.project
            document.group = ties.group?.name
            return document
        }
    }

    /// One row more than is shown, which tells whether there is another page.
    func beyond<Fields: Hashable & Sendable>(_ query: PageQuery<Fields>) -> PageQuery<Fields> {
        var query = query
        query.limit += 1
        return query
    }

    /// How a page of a list is wanted, which may be filtered by these.
    func list(_ request: Request, _ names: Set<String>, of schema: APISchema) throws -> Reading {
        try Reading(request, known: names.union(QueryParameters.page), of: schema)
    }

    func page<Row, Item: Encodable & Sendable>(
        _ rows: [Row], _ query: PageQuery<some Hashable & Sendable>, _ reading: Reading, id: (Row) -> Int64, _ item: (Row) -> Item
    ) throws -> Response {
        let shown = rows.prefix(query.limit)
        let next = rows.count > query.limit ? shown.last.map { PageCursor.text(id($0)) } : nil
        return try reading.answer(list: PageDocument(items: shown.map(item), next: next))
    }
}
