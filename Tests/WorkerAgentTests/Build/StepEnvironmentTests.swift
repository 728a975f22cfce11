import Domain
import Testing

@testable import WorkerAgent

@Suite struct StepEnvironmentTests {
    let environment = StepEnvironment(
        own: ["PATH": "/bin", "HOME": "/home/w", "DOORBELL_TOKEN": "secret", "AWS_SECRET": "secret", "LD_PRELOAD": "x"], worker: "w1",
        mark: EnvironmentMark(value: "mark"))

    @Test("A step gets none of the worker's own variables but the few that every command needs")
    func inheritance() {
        let made = environment.make(for: Sample.build(5, []), step: Sample.step("s", ""), number: 1, attempt: 1, revisions: [:])
        #expect(made["PATH"] == "/bin")
        #expect(made["HOME"] == "/home/w")
        #expect(!made.values.contains("secret"))
        #expect(made["LD_PRELOAD"] == nil)
    }

    @Test("Doorbell's context is in the environment")
    func context() {
        let assignment = Sample.build(
            5, [], repository: "/repo", branch: "release/1", revision: "abc", environment: ["A": "builder", "B": "builder"])
        let step = Sample.step("unit", "") { $0.environment = ["B": "step", "CI": "false"] }
        let made = environment.make(for: assignment, step: step, number: 2, attempt: 3, revisions: [:])
        let expected = [
            "DOORBELL_BUILD_ID": "5", "DOORBELL_REQUEST_ID": "105", "DOORBELL_BUILDSET_ID": "205", "DOORBELL_ATTEMPT": "1",
            "DOORBELL_CHAIN": "11111111-2222-4333-8444-555555555555", "DOORBELL_PROJECT": "demo", "DOORBELL_BUILDER": "test",
            "DOORBELL_REPOSITORY": "/repo", "DOORBELL_BRANCH": "release/1", "DOORBELL_REVISION": "abc", "DOORBELL_WORKER": "w1",
            "DOORBELL_STEP": "unit", "DOORBELL_STEP_NUMBER": "2", "DOORBELL_STEP_ATTEMPT": "3", "A": "builder", "B": "step", "CI": "false",
        ]
        for (name, value) in expected { #expect(made[name] == value, "\(name)") }
    }

    @Test("No recipe can take the worker's mark away, or smuggle another variable in")
    func hostile() {
        let step = Sample.step("s", "") { $0.environment = [EnvironmentMark.name: "none", "A=B": "c", "": "x", "N": "a\0b"] }
        let made = environment.make(for: Sample.build(1, []), step: step, number: 1, attempt: 1, revisions: ["": "r"])
        #expect(made[EnvironmentMark.name] == "mark")
        #expect(made["A=B"] == nil && made[""] == nil && made["N"] == nil)
        #expect(made["DOORBELL_REVISION"] == "r")
    }
}
