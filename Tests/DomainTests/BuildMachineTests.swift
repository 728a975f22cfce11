import Domain
import Testing

/// Every phase with every report.
@Suite struct BuildMachineTests {
    private static let session = SessionID(7)
    private static let fence = Fence(3)

    private static let contents: [BuildReport.Content] =
        [
            .accept, .renew, .stepStarted(StepStart(number: 1)), .stepFinished(StepEnd(number: 1, outcome: .success, durationMilliseconds: 1)),
        ] + Outcome.allCases.map { .finish(BuildEnd(outcome: $0, cause: nil)) }

    private func machine(_ phase: BuildPhase) -> BuildMachine {
        BuildMachine(phase: phase, session: Self.session, fence: Self.fence, outcome: phase == .finished ? .success : nil)
    }

    private func report(_ content: BuildReport.Content, session: SessionID = session, fence: Fence = fence) -> BuildReport {
        BuildReport(key: "k", build: BuildID(1), session: session, fence: fence, content: content)
    }

    @Test("In each phase each report is applied, known, or refused as it should be", arguments: BuildPhase.allCases, contents)
    func everyReport(phase: BuildPhase, content: BuildReport.Content) {
        var machine = machine(phase)
        let before = machine
        let verdict = machine.judge(report(content))
        switch (phase, content) {
        case (.finished, _):
            guard case .stale = verdict else { return record("\(verdict) of a finished build") }
            #expect(machine == before)
        case (.assigned, .accept):
            #expect(verdict == .apply)
            #expect(machine.phase == .running)
        case (.running, .accept), (_, .renew):
            #expect(verdict == .unchanged)
            #expect(machine == before)
        case (.assigned, .stepStarted), (.assigned, .stepFinished):
            guard case .invalid = verdict else { return record("\(verdict) of a step before the build was accepted") }
            #expect(machine == before)
        case (.running, .stepStarted), (.running, .stepFinished):
            #expect(verdict == .apply)
            #expect(machine == before)
        case (.assigned, .finish(let end)) where end.outcome != .exception && end.outcome != .cancelled:
            guard case .invalid = verdict else { return record("\(verdict) of an end before the build was accepted") }
            #expect(machine == before)
        case (_, .finish(let end)):
            #expect(verdict == .apply)
            #expect(machine.phase == .finished)
            #expect(machine.outcome == end.outcome)
            #expect(machine.fence == Self.fence)
        }
    }

    @Test(
        "A report with an older or newer fence, or from another session, is stale in every phase and changes nothing", arguments: BuildPhase.allCases,
        contents)
    func stale(phase: BuildPhase, content: BuildReport.Content) {
        for wrong in [
            report(content, fence: Fence(2)), report(content, fence: Fence(4)), report(content, session: SessionID(8)),
            report(content, session: SessionID(8), fence: Fence(4)),
        ] {
            var machine = machine(phase)
            let before = machine
            guard case .stale = machine.judge(wrong) else {
                Issue.record("\(wrong) was not stale")
                continue
            }
            #expect(machine == before)
        }
    }

    @Test("When we end a build its fence grows, so that nothing of its old owner is taken", arguments: contents)
    func ended(content: BuildReport.Content) {
        var machine = machine(.running)
        machine.end(outcome: .exception, cause: .lost)
        #expect(machine.phase == .finished)
        #expect(machine.outcome == .exception)
        #expect(machine.cause == .lost)
        #expect(machine.fence > Self.fence)
        guard case .stale = machine.judge(report(content)) else { return record("the old owner was heard") }
    }

    private func record(_ text: String) { Issue.record("\(text)") }
}
