import Domain
import Foundation
import ProcessSupport
import TestSupport
import Testing

@testable import WorkerAgent

/// Steps of builds, run for real.
@Suite struct StepTests {
    @Test("Each step has a log of its own with exactly the bytes that it wrote, over all its attempts")
    func logs() async throws {
        let harness = try StepHarness()
        let flaky = Sample.step("flaky one", "echo try $DOORBELL_STEP_ATTEMPT; [ $DOORBELL_STEP_ATTEMPT = 3 ]") { $0.retries = 5 }
        let ran = try await harness.run(Sample.build(1, [Sample.step("bytes", #"printf '\377\000x'"#), flaky, Sample.step("silent", "true")]))
        #expect(ran.end?.outcome == .success)
        #expect(ran.logs == ["1-bytes": Data([0xFF, 0x00, 0x78]), "2-flaky_one": Data("try 1\ntry 2\ntry 3\n".utf8)])
        #expect(ran.steps.map(\.attempt) == [1, 1, 2, 3, 1])
    }

    @Test("Exit status, signal and duration are kept")
    func endings() async throws {
        let harness = try StepHarness()
        let steps = [
            Sample.step("a", "exit 3") { $0.continueOnFailure = true }, Sample.step("b", "kill -9 $$") { $0.continueOnFailure = true },
            Sample.step("c", "sleep 0.2") { $0.warningsOnly = true },
        ]
        let ran = try await harness.run(Sample.build(1, steps))
        #expect(ran.end == BuildEnd(outcome: .failure, cause: .exitStatus, text: "step 1 (a): exit status 3"))
        #expect(ran.steps.map(\.exitStatus) == [3, nil, 0])
        #expect(ran.steps.map(\.signal) == [nil, 9, nil])
        #expect(ran.steps.map(\.cause) == [.exitStatus, .signal, nil])
        #expect((ran.steps.last?.durationMilliseconds ?? 0) >= 200)
    }

    @Test("An argument list is run as it is, with no shell between")
    func arguments() async throws {
        let step = StepRecipe(name: "args", action: .run(.arguments(["printf", "%s|", "a b", "$HOME", "*", ""])))
        let ran = try await StepHarness().run(Sample.build(1, [step]))
        #expect(ran.log("1-args") == "a b|$HOME|*||")
    }

    @Test("A shell text that begins with a dash is a command, not an option")
    func dash() async throws {
        let ran = try await StepHarness().run(Sample.build(1, [Sample.step("dash", "-x 2>/dev/null; echo ran")]))
        #expect(ran.log("1-dash") == "ran\n")
    }

    @Test(
        "A step that cannot be started as it is written fails and says why",
        arguments: [
            (StepRecipe(name: "s", action: .run(.arguments(["no-such-program-here"]))), "no-such-program-here"),
            (StepRecipe(name: "s", action: .run(.arguments([]))), "no program"),
            (StepRecipe(name: "s", action: .run(.arguments(["/nowhere/x"]))), "No such file"),
            (StepRecipe(name: "s", action: .run(.shell("true")), directory: "not/there"), "not/there"),
            (StepRecipe(name: "s", action: .run(.shell("true")), directory: "../.."), "may not leave"),
            (StepRecipe(name: "s", action: .run(.shell("true")), directory: "/etc"), "relative"),
            (StepRecipe(name: "s", action: .run(.shell("a\0b"))), "zero byte"),
        ])
    func invalid(step: StepRecipe, part: String) async throws {
        let ran = try await StepHarness().run(Sample.build(1, [step]))
        #expect(ran.end?.outcome == .failure)
        #expect(ran.end?.cause == .invalidStep)
        #expect(ran.end?.text.contains(part) == true, "\(ran.end?.text ?? "")")
    }

    @Test("Timeouts end a step and say which")
    func timeouts() async throws {
        let steps = [
            Sample.step("long", "sleep 600") {
                $0.timeout = .milliseconds(200)
                $0.continueOnFailure = true
            },
            Sample.step("idle", "echo x; sleep 600") { $0.idleTimeout = .milliseconds(200) },
        ]
        let ran = try await StepHarness().run(Sample.build(1, steps))
        #expect(ran.steps.map(\.cause) == [.timeout, .idleTimeout])
        #expect(ran.steps.first?.text == "ended after its timeout of 200ms")
        #expect(ran.end?.outcome == .failure)
    }

    @Test("A full disk ends the build as an exception that says so; what always runs still runs")
    func diskFull() async throws {
        let harness = try StepHarness(spoolLimit: 1 << 20)
        let ran = try await harness.run(
            Sample.build(1, [Sample.step("print", "yes"), Sample.step("next", "true"), Sample.step("last", "true") { $0.always = true }]))
        #expect(ran.end?.outcome == .exception)
        #expect(ran.end?.cause == .diskFull)
        #expect(ran.end?.text.contains("disk space") == true)
        #expect(ran.steps.map(\.number) == [1, 3])
        // The space is free for the next build.
        let next = try await harness.run(Sample.build(2, [Sample.step("print", "echo fits")]))
        #expect(next.log("1-print") == "fits\n")
    }

    @Test("A cancelled build ends its step, runs what always runs, and is `cancelled`")
    func cancelled() async throws {
        let steps = [Sample.step("long", "sleep 600"), Sample.step("next", "true"), Sample.step("tidy", "echo tidy") { $0.always = true }]
        let ran = try await StepHarness().run(Sample.build(1, steps)) { number, build in
            if number == 1 { build.finishEarly(.cancelled("somebody asked")) }
            // A second request does not stop the tidying.
            if number == 3 { build.finishEarly(.cancelled("again")) }
        }
        #expect(ran.end == BuildEnd(outcome: .cancelled, cause: .cancelled, text: "somebody asked"))
        #expect(ran.steps.map(\.number) == [1, 3])
        #expect(ran.log("3-tidy") == "tidy\n")
    }

    @Test("A drained build ends its step, runs nothing more, and says that it was given back")
    func drained() async throws {
        let steps = [Sample.step("long", "sleep 600"), Sample.step("tidy", "true") { $0.always = true }]
        let ran = try await StepHarness().run(Sample.build(1, steps)) { _, build in build.finishEarly(.drained) }
        #expect(ran.end?.outcome == .exception)
        #expect(ran.end?.cause == .drained)
        #expect(ran.steps.map(\.number) == [1])
    }

    @Test("A forgotten build says nothing any more")
    func forgotten() async throws {
        let ran = try await StepHarness().run(Sample.build(1, [Sample.step("long", "sleep 600")])) { _, build in
            build.finishEarly(.forgotten("409"))
        }
        #expect(ran.end == nil)
        #expect(ran.steps.isEmpty)
    }

    @Test("The working directory of a builder stays from build to build")
    func directoryStays() async throws {
        let harness = try StepHarness()
        _ = try await harness.run(Sample.build(1, [Sample.step("make", "echo kept > file")]))
        let ran = try await harness.run(Sample.build(2, [Sample.step("look", "cat file; pwd")]))
        #expect(ran.log("1-look").hasPrefix("kept\n"))
        let other = try await harness.run(Sample.build(3, [Sample.step("look", "ls")], builder: "../other"))
        #expect(other.end?.outcome == .success)
        #expect(other.logs.isEmpty)
    }
}
