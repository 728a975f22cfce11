import Domain

/// The words by which consumers choose an event, beside its kind and id.
package struct EventRouting {
    package var project: String?
    package var branch: String?
    package var builder: String?
    package var worker: String?
    package var outcome: Outcome?

    package init(project: String? = nil, branch: String? = nil, builder: String? = nil, worker: String? = nil, outcome: Outcome? = nil) {
        self.project = project
        self.branch = branch
        self.builder = builder
        self.worker = worker
        self.outcome = outcome
    }

    /// What the fact itself says. Steps and logs name neither project nor branch: their writers pass a routing of their own.
    package init(_ data: EventDraft.Data) {
        switch data {
        case .change(let fact): self.init(project: fact.project, branch: fact.branch)
        case .buildset(let fact): self.init(project: fact.project, branch: fact.branch, outcome: fact.outcome)
        case .request(let fact):
            self.init(project: fact.project, branch: fact.branch, builder: fact.builder, worker: fact.worker, outcome: fact.outcome)
        case .build(let fact):
            self.init(project: fact.project, branch: fact.branch, builder: fact.builder, worker: fact.worker, outcome: fact.outcome)
        case .step(let fact): self.init(builder: fact.builder, outcome: fact.outcome)
        case .log(let fact): self.init(builder: fact.builder)
        case .worker(let fact): self.init(worker: fact.worker)
        case .scheduler, .config, .deployment: self.init()
        }
    }
}
