import Domain

/// The key of a report, by which a repeat is known.
package struct ReportKey: Hashable, Encodable, Sendable {
    package var build: BuildID
    package var key: String

    package init(build: BuildID, key: String) {
        self.build = build
        self.key = key
    }
}

/// Judges the reports of one transaction, one after the other, on rows that were read in a few statements; collects what is to be written.
struct ReportJudge<Transaction: StoreTransaction> {
    private(set) var accepted: [BuildID] = []
    private(set) var renewed = Set<BuildID>()
    private(set) var steps: StepBook
    private(set) var keys = Set<ReportKey>()
    private(set) var events: [PendingEvent] = []
    private(set) var endings: [BuildEnding] = []
    /// The builds that may wait no more for what they triggered.
    private(set) var leaving = Set<BuildID>()

    private let transaction: Transaction
    private let sealed: [BuildID: [String: SealedLog]]
    private var builds: [BuildID: OpenBuild]
    private var known: Set<ReportKey>

    init(_ transaction: Transaction, _ reports: [BuildReport], sealed: [BuildID: [String: SealedLog]]) throws {
        self.transaction = transaction
        self.sealed = sealed
        builds = try transaction.builds(Set(reports.map(\.build)).sorted(), ending: Set(reports.filter(\.endsBuild).map(\.build)).sorted())
        let stepped = reports.filter(\.isAboutStep)
        let steppedBuilds = Set(stepped.map(\.build)).sorted()
        steps = StepBook(steppedBuilds.isEmpty ? [:] : try transaction.stepPhases(of: steppedBuilds))
        known = stepped.isEmpty ? [] : try transaction.knownKeys(stepped.map { ReportKey(build: $0.build, key: $0.key) })
    }

    mutating func judge(_ report: BuildReport) throws -> ReportAnswer {
        guard var build = builds[report.build] else { return ReportAnswer(verdict: .notFound) }
        // A repeat is looked up before the fence is checked: what was applied stays applied.
        if report.session == build.machine.session, isRepeat(report, build) {
            guard build.machine.phase != .finished else { return ReportAnswer(verdict: .applied) }
            // It changes nothing, but whoever says it is alive and holds the build.
            if report.fence == build.machine.fence { renewed.insert(build.id) }
            return ReportAnswer(verdict: .applied, cancel: build.cancelReason)
        }
        let before = build.machine.phase
        switch build.machine.judge(report) {
        case .stale(let why): return ReportAnswer(verdict: .stale(why))
        case .invalid(let why): return ReportAnswer(verdict: .invalid(why), cancel: build.cancelReason)
        case .unchanged: break
        case .apply:
            if let refusal = try take(report, &build, before: before) {
                if case .logsIncomplete = refusal { renewed.insert(build.id) }
                return ReportAnswer(verdict: refusal, cancel: build.cancelReason)
            }
            builds[build.id] = build
        }
        guard build.machine.phase != .finished else { return ReportAnswer(verdict: .applied) }
        renewed.insert(build.id)
        return ReportAnswer(verdict: .applied, cancel: build.cancelReason)
    }

    private func isRepeat(_ report: BuildReport, _ build: OpenBuild) -> Bool {
        if case .finish = report.content { return build.finishKey == report.key }
        return report.isAboutStep && known.contains(ReportKey(build: report.build, key: report.key))
    }

    /// Collects what a report that the machine lets pass changes; a refusal when its content is wrong, and then nothing is collected.
    private mutating func take(_ report: BuildReport, _ build: inout OpenBuild, before: BuildPhase) throws -> ReportAnswer.Verdict? {
        let context = try transaction.context(of: build.buildset)
        switch report.content {
        case .renew: return nil
        case .accept:
            accepted.append(build.id)
            events.append(build.event(.buildStarted, context, .build(build.fact(context))))
        case .stepStarted(let start):
            let recipe = try transaction.builder(build.builder, build.configuration).steps
            switch steps.start(start, of: build, recipe) {
            case .failure(let refusal): return .invalid(refusal.why)
            case .success(let fact?): events.append(build.event(.stepStarted, context, .step(fact)))
            case .success(nil): break
            }
            remember(report)
        case .stepFinished(let end):
            let recipe = try transaction.builder(build.builder, build.configuration).steps
            switch steps.finish(end, of: build, recipe) {
            case .failure(let refusal): return .invalid(refusal.why)
            case .success(let fact?):
                if case .trigger = recipe[fact.number - 1].action { leaving.insert(build.id) }
                events.append(build.event(.stepFinished, context, .step(fact), outcome: fact.outcome))
            case .success(nil): break
            }
            remember(report)
        case .finish(let end):
            if let refusal = refusal(of: end, build.id) { return refusal }
            build.finishKey = report.key
            if try transaction.builder(build.builder, build.configuration).triggers { leaving.insert(build.id) }
            let logs = end.logs.reduce(into: [:]) { $0[$1.name] = $1 }
            endings.append(BuildEnding(build: build, text: end.text.cut(to: reportTextLimit), finishKey: report.key, logs: logs))
        }
        return nil
    }

    private mutating func remember(_ report: BuildReport) {
        let key = ReportKey(build: report.build, key: report.key)
        keys.insert(key)
        known.insert(key)
    }

    /// Why a build cannot finish yet, or not so: each log has to be here byte for byte.
    private func refusal(of end: BuildEnd, _ build: BuildID) -> ReportAnswer.Verdict? {
        var incomplete: [String: Int64] = [:]
        for log in end.logs {
            guard log.size >= 0, log.step >= 0, log.sha256.utf8.count == 64, !log.name.utf8.contains(0) else {
                return .invalid("the log \(log.name) has a name, size, step or SHA-256 that cannot be")
            }
            let here = sealed[build]?[log.name] ?? .empty
            if here.size < log.size {
                incomplete[log.name] = here.size
            } else if here.size > log.size {
                return .invalid("the log \(log.name) has \(here.size) bytes here, \(log.size) were declared")
            } else if here.sha256 != log.sha256.lowercased() {
                return .invalid("the log \(log.name) has the SHA-256 \(here.sha256) here, \(log.sha256) was declared")
            }
        }
        return incomplete.isEmpty ? nil : .logsIncomplete(incomplete)
    }
}

/// The longest text of a report that is kept; steps print to logs.
let reportTextLimit = 4096

extension BuildReport {
    fileprivate var endsBuild: Bool {
        if case .finish = content { true } else { false }
    }

    fileprivate var isAboutStep: Bool {
        switch content {
        case .stepStarted, .stepFinished: true
        case .accept, .renew, .finish: false
        }
    }
}

extension String {
    /// At most `limit` bytes, never half a character.
    func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
