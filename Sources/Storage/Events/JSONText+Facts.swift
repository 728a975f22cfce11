import Domain

// Every state change writes these, so they are written by hand. Tests hold them to what the facts' own encoding says.
extension JSONText {
    package static func encode(_ texts: [String]) -> String { texts.isEmpty ? "[]" : JSONObject.array(texts) }

    package static func encode(_ chains: [ChainID]) -> String { encode(chains.map(\.rawValue)) }

    package static func encode(_ chain: EventChain) -> String {
        var object = JSONObject()
        object.field("buildset", chain.buildset)
        object.field("changes", chain.changes)
        object.field("id", chain.id.rawValue)
        if let parents = chain.parents { object.field("parents", parents.map(\.rawValue)) }
        object.field("request", chain.request)
        return object.text()
    }

    package static func encode(_ data: EventDraft.Data) throws -> String {
        switch data {
        case .change(let fact): encode(fact)
        case .buildset(let fact): encode(fact)
        case .request(let fact): encode(fact)
        case .build(let fact): encode(fact)
        case .step(let fact): encode(fact)
        case .log(let fact): encode(fact)
        // The rare ones.
        case .worker(let fact): try encode(fact)
        case .scheduler(let fact): encode(fact)
        case .config(let fact): try encode(fact)
        case .deployment(let fact): try encode(fact)
        }
    }

    private static func encode(_ fact: ChangeFact) -> String {
        var object = JSONObject()
        object.field("author", fact.author)
        object.field("branch", fact.branch)
        object.field("category", fact.category)
        object.field("comments", fact.comments)
        object.field("files", fact.files)
        object.field("project", fact.project)
        object.field("repository", fact.repository)
        object.field("revision", fact.revision)
        object.field("source", fact.source)
        return object.text()
    }

    private static func encode(_ fact: BuildsetFact) -> String {
        var object = JSONObject()
        object.field("branch", fact.branch)
        object.field("builders", fact.builders)
        object.field("outcome", fact.outcome)
        object.field("project", fact.project)
        object.field("reason", fact.reason)
        object.field("revision", fact.revision)
        object.field("scheduler", fact.scheduler)
        object.field("stamps", fact.stamps)
        return object.text()
    }

    private static func encode(_ fact: RequestFact) -> String {
        var object = JSONObject()
        object.field("answered_by", fact.answeredBy)
        object.field("attempts", fact.attempts)
        object.field("branch", fact.branch)
        object.field("build", fact.build)
        object.field("builder", fact.builder)
        object.field("buildset", fact.buildset)
        object.field("cause", fact.cause)
        object.field("outcome", fact.outcome)
        object.field("phase", fact.phase)
        object.field("priority", fact.priority)
        object.field("project", fact.project)
        object.field("text", fact.text)
        object.field("worker", fact.worker)
        return object.text()
    }

    private static func encode(_ fact: BuildFact) -> String {
        var object = JSONObject()
        object.field("attempt", fact.attempt)
        object.field("branch", fact.branch)
        object.field("builder", fact.builder)
        object.field("buildset", fact.buildset)
        object.field("cause", fact.cause)
        object.field("outcome", fact.outcome)
        object.field("phase", fact.phase)
        object.field("project", fact.project)
        object.field("request", fact.request)
        object.field("revision", fact.revision)
        object.field("text", fact.text)
        object.field("worker", fact.worker)
        return object.text()
    }

    private static func encode(_ fact: StepFact) -> String {
        var object = JSONObject()
        object.field("attempt", fact.attempt)
        object.field("build", fact.build)
        object.field("builder", fact.builder)
        object.field("cause", fact.cause)
        object.field("duration_ms", fact.durationMilliseconds)
        object.field("exit_status", fact.exitStatus.map(Int64.init))
        object.field("name", fact.name)
        object.field("number", fact.number)
        object.field("outcome", fact.outcome)
        object.field("phase", fact.phase)
        object.field("signal", fact.signal.map(Int64.init))
        object.field("text", fact.text)
        return object.text()
    }

    private static func encode(_ fact: LogFact) -> String {
        var object = JSONObject()
        object.field("build", fact.build)
        object.field("builder", fact.builder)
        object.field("name", fact.name)
        object.field("sha256", fact.sha256)
        object.field("size", fact.size)
        object.field("step", fact.step)
        return object.text()
    }

    private static func encode(_ fact: SchedulerFact) -> String {
        var object = JSONObject()
        object.field("buildset", fact.buildset)
        object.field("changes", fact.changes)
        object.field("reason", fact.reason)
        object.field("scheduler", fact.scheduler)
        return object.text()
    }
}
