import Domain
import Storage
import Wire

/// Tells for each scheduler what became of a change. Pure.
struct ChangeVerdicts {
    let change: Change
    /// Buildsets that the change is part of.
    let buildsets: [BuildsetRow]
    let configuration: AppliedConfiguration?
    /// There are rules, of a project that is not the caller's: nothing is said of them.
    var hidesRules = false
    /// Some change is not held against the rules yet.
    let isDeciding: Bool
    /// Who told of it beside its own source.
    var tellings: [ChangeTelling] = []

    var document: ChangeWhyDocument {
        var document = ChangeWhyDocument(change: change.id)
        document.toldBy = tellings.isEmpty ? nil : [change.content.source] + tellings.map(\.source)
        guard let configuration else {
            document.schedulers = made.map { .init($0.key, .taken, "it is part of \(names($0.value))", buildsets: $0.value) }
            document.note = hidesRules ? nil : "no configuration is in force, so that nothing more can be said"
            return document
        }
        let verdicts = Planner(configuration: configuration.configuration).verdicts(on: change)
        document.configuration = configuration.id
        document.schedulers = verdicts.map(said)
        let others = made.filter { scheduler, _ in !verdicts.contains { $0.scheduler == scheduler } }
        document.schedulers += others.map { .init($0.key, .taken, "it is part of \(names($0.value))", buildsets: $0.value) }
        if configuration.applied > change.accepted {
            document.note =
                "told by the configuration of \(configuration.applied), which is newer than the change: what it met then may have been others"
        }
        return document
    }

    private func said(_ verdict: RuleVerdict) -> ChangeWhyDocument.Scheduler {
        // What happened counts, whatever the rules say by now.
        if let ids = buildsetsByScheduler[verdict.scheduler] {
            return .init(verdict.scheduler, .taken, "it is part of \(names(ids))", buildsets: ids)
        }
        switch verdict.outcome {
        case .ignored(let reason): return .init(verdict.scheduler, .ignored, reason)
        case .ridesAlong(let reason):
            return .init(verdict.scheduler, .ridesAlong, "\(reason): it starts nothing, and is part of what a later change of its branch starts")
        case .taken where isDeciding: return .init(verdict.scheduler, .waiting, "it is being decided on")
        case .taken(let quiet?):
            return .init(verdict.scheduler, .waiting, "its branch has to be quiet for \(quiet) first")
        case .taken(nil): return .init(verdict.scheduler, .taken, "it would be built by this rule, and was not when it came")
        }
    }

    private var buildsetsByScheduler: [String: [BuildsetID]] {
        buildsets.reduce(into: [:]) { $0[$1.scheduler, default: []].append($1.id) }
    }

    private var made: [(key: String, value: [BuildsetID])] { buildsetsByScheduler.sorted { $0.key < $1.key } }

    private func names(_ ids: [BuildsetID]) -> String { "buildset \(ids.sorted().map(\.description).joined(separator: ", "))" }
}
