import Domain

extension StoreTransaction {
    /// Judges a batch of reports, one after the other, and writes what they change with a few statements for all of them.
    package func apply(
        _ reports: [BuildReport], sealed: [BuildID: [String: SealedLog]]
    ) throws -> (answers: [ReportAnswer], ended: [BuildID: EndedBuild]) {
        var judge = try ReportJudge(self, reports, sealed: sealed)
        var answers = try reports.map { try judge.judge($0) }
        let ending = Set(judge.endings.map(\.build.id))
        try writeReports(
            accepted: judge.accepted, renewed: judge.renewed.sorted(), steps: judge.steps.changed,
            keys: judge.keys.filter { !ending.contains($0.build) })
        emit(judge.events)
        let ended = try end(judge.endings)
        let freeing = try freeing(judge.endings)
        for (place, report) in reports.enumerated() where answers[place].verdict == .applied {
            answers[place].ringTriggers = judge.leaving.contains(report.build)
            guard case .finish = report.content, let end = ended[report.build] else { continue }
            // Whoever waits for a limit or a lock waits at any dispatcher.
            answers[place].ringDispatch = end.retried || end.released || freeing.contains(report.build)
            answers[place].ringScheduling = end.endedBuildset
        }
        return (answers, ended)
    }

    /// The builds whose end makes room under a limit or in a lock.
    private func freeing(_ endings: [BuildEnding]) throws -> Set<BuildID> {
        guard !endings.isEmpty, let configuration = seenConfiguration?.configuration else { return [] }
        let freeing = try endings.map(\.build).filter {
            configuration.isFreed(by: $0.builder, of: configuration.projects.isEmpty ? "" : try context(of: $0.buildset).stamp.project)
        }
        return Set(freeing.map(\.id))
    }
}
