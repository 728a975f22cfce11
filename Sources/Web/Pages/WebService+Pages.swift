import Domain
import HTTPDoor
import HTTPTypes
import Hummingbird
import NIOCore
import Storage
import Wire

extension WebService {
    /// What the pages' own files may do in a browser: load what this server serves, and nothing else.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    private static let rows = 50
    /// How many waiting requests are listed, and of how many it is asked why.
    private static let waitingShown = 10

    func addPageRoutes(to router: DoorRouter) {
        for asset in [Asset.style, Asset.script, Asset.icon] {
            router.get("/assets/\(asset.name)") { _, _ in asset.response }
        }
        router.get("/favicon.ico") { _, _ in Asset.icon.response }
        addPage("/", to: router) { request, context in try await home(request, context.principal) }
        addPage("/changes", to: router) { request, context in try await changesPage(request, context.principal) }
        addPage("/workers", to: router) { _, _ in try await workersPage() }
        addPage("/services", to: router) { _, _ in try await servicesPage() }
        addPage("/builds/{id}", to: router) { _, context in try await buildPage(try context.id("id"), context.principal) }
        addLivePageRoutes(to: router)
    }

    private func addPage(_ path: RouterPath, to router: DoorRouter, _ page: @escaping @Sendable (Request, DoorContext) async throws -> PageLayout) {
        router.get(path) { request, context -> Response in
            do {
                return Self.response(person(context, of: try await page(request, context)))
            } catch let problem as Problem {
                return Self.response(person(context, of: errorPage(problem)), status: .init(code: problem.status))
            }
        }
    }

    /// The page with who signed in, where somebody did or could.
    private func person(_ context: DoorContext, of page: PageLayout) -> PageLayout {
        var page = page
        switch context.principal.kind {
        case .page: page.person = .signedIn(context.principal.name)
        case .anonymous: page.person = .stranger
        case .everyone, .token: break
        }
        // The name of the configuration's project is nothing for those of others.
        if let name = page.project, !context.principal.sees(name) { page.project = nil }
        return page
    }

    static func response(_ page: PageLayout, status: HTTPResponse.Status = .ok) -> Response {
        var headers: HTTPFields = [.contentType: "text/html; charset=utf-8"]
        if let name = HTTPField.Name("Content-Security-Policy") { headers[name] = policy }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: page.html.text)))
    }

    private func errorPage(_ problem: Problem) -> PageLayout {
        PageLayout(
            title: problem.title, project: project,
            content: "<div class=\"empty\"><h2>\(problem.title)</h2><p>\(problem.detail ?? "")</p><p><a href=\"/\">Recent builds</a></p></div>")
    }

    private var project: String? { surroundings.configuration()?.configuration.project }

    private func home(_ request: Request, _ principal: Principal) async throws -> PageLayout {
        let parameters = try QueryParameters(
            request, known: ["builder", "worker", "branch", "revision", "outcome", "after"])
        var fields = BuildFields()
        fields.builder = parameters.text("builder")
        fields.worker = parameters.text("worker")
        fields.branch = parameters.text("branch")
        fields.revision = parameters.text("revision")
        fields.outcome = try parameters.word("outcome")
        fields.projects = principal.scope
        // The cursor comes before the state: what happens in between is told again, not missed.
        let cursor = try await store.latestCursor()
        var open = fields
        var finished = fields
        finished.phase = .finished
        let query = try parameters.page(finished)
        let recent = try await store.builds(query)
        var running: [BuildRow] = []
        if query.after == nil, fields.outcome == nil {
            for phase in [BuildPhase.running, .assigned] {
                open.phase = phase
                running += try await store.builds(PageQuery(open, limit: Self.rows))
            }
        }
        let filters = ["builder", "worker", "branch", "revision", "outcome"].compactMap { name in
            parameters.text(name).map { (name: name, value: $0) }
        }
        let (waiting, waitingInAll) = query.after == nil && filters.isEmpty ? try await waitingRequests(principal) : ([], 0)
        let seen = seenConfiguration(principal)
        let project = seen?.configuration.project
        let page = HomePage(
            configuration: seen?.configuration, sources: principal.isBound ? [] : try await sources(),
            workers: principal.isBound ? nil : try await store.workers(), isOfOthers: seen == nil && surroundings.configuration() != nil,
            running: running, waiting: waiting, waitingInAll: waitingInAll, recent: recent,
            older: recent.count == query.limit ? recent.last.map { PageCursor.text($0.id.rawValue) } : nil,
            filters: filters, now: try await store.now())
        return PageLayout(
            title: "\(project.map { $0 + " · " } ?? "")Doorbell", section: .builds, project: project, cursor: cursor,
            keys: ["build.#", "request.#", "worker.#", "config.#"], content: page.content)
    }

    private func waitingRequests(_ principal: Principal) async throws -> ([HomePage.Waiting], Int) {
        let all = principal.isBound ? 0 : try await store.builderCounts().reduce(0) { $0 + $1.pending }
        var waiting: [HomePage.Waiting] = []
        // What a worker could take comes before what waits for others of its buildset.
        for phase in [RequestPhase.pending, .waiting] where waiting.count < Self.waitingShown {
            var fields = RequestFields()
            fields.phase = phase
            fields.projects = principal.scope
            for request in try await store.requests(PageQuery(fields, ascending: true, limit: Self.waitingShown - waiting.count)) {
                guard let facts = try await store.why(request.id), facts.request.phase == phase else { continue }
                let reasons = WaitReasons(facts: facts, configuration: surroundings.configuration()?.configuration).all
                waiting.append(HomePage.Waiting(request: request, reasons: shown(reasons, to: principal)))
            }
        }
        return (waiting, max(all, waiting.count))
    }

    private func changesPage(_ request: Request, _ principal: Principal) async throws -> PageLayout {
        var fields = ChangeFilterFields()
        fields.projects = principal.scope
        let query = try QueryParameters(request, known: ["after"]).page(fields)
        let cursor = try await store.latestCursor()
        let changes = try await store.changes(query)
        let older = changes.count == query.limit ? changes.last.map { PageCursor.text($0.id.rawValue) } : nil
        let page = ChangesPage(changes: changes, older: older, now: try await store.now())
        return PageLayout(
            title: "Changes · Doorbell", section: .changes, project: project, cursor: cursor, keys: ["change.#"], content: page.content)
    }

    private func workersPage() async throws -> PageLayout {
        let cursor = try await store.latestCursor()
        let page = WorkersPage(workers: try await store.workers(), now: try await store.now())
        return PageLayout(
            title: "Workers · Doorbell", section: .workers, project: project, cursor: cursor, keys: ["worker.#", "build.#"], content: page.content)
    }

    private func servicesPage() async throws -> PageLayout {
        let page = ServicesPage(
            services: try await services(), checks: try await Doctor(store: store, configuration: surroundings.configuration()).checks(),
            now: try await store.now())
        return PageLayout(title: "Services · Doorbell", section: .services, project: project, content: page.content)
    }

    private func buildPage(_ id: BuildID, _ principal: Principal) async throws -> PageLayout {
        let cursor = try await store.latestCursor()
        guard let build = try await store.build(id), principal.sees(build.stamp.project) else { throw Problem.notFound("There is no build \(id).") }
        let steps = try await store.steps(of: id)
        var logs: [BuildPage.LogPart] = []
        for status in try await store.logs(of: id) { logs.append(try await logPart(id, status)) }
        let page = BuildPage(
            build: build, answers: try await store.requestsAnswered(by: id), steps: steps, logs: logs, now: try await store.now())
        // The id is the last word of a key; step and log events belong to their build.
        let keys = build.phase == .finished ? [] : ["build.*.*.*.*.*.*.\(id)", "step.*.*.*.*.*.*.\(id)", "log.*.*.*.*.*.*.\(id)"]
        return PageLayout(
            title: "#\(id) \(build.builder) \(build.outcome?.rawValue ?? build.phase.rawValue) · Doorbell", section: .builds, project: project,
            cursor: keys.isEmpty ? nil : cursor, keys: keys, content: page.content)
    }
}
