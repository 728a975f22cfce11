import Domain
import Foundation
import TestSupport
import Testing
import Wire

@testable import WorkerAgent

/// Steps that ask for secrets, without a dispatcher.
@Suite struct StepSecretsTests {
    private static func assignment(_ steps: StepRecipe...) -> AssignmentDocument {
        AssignmentDocument(
            build: BuildID(42), fence: Fence(1), request: RequestID(1), buildset: BuildsetID(1), attempt: 1, chain: ChainID.random(), project: "p",
            builder: "test", stamp: SourceStamp(project: "p", repository: "r", branch: "main", revision: "1"), properties: [:], environment: [:],
            steps: steps)
    }

    private static func step(_ command: String, _ secrets: [String: SecretUse]) -> StepRecipe {
        StepRecipe(name: "s", action: .run(.shell(command)), secrets: secrets)
    }

    private static func given(_ secrets: [String: String]) -> StepSecrets.Call {
        { _, _ throws(DispatcherError) in SecretsAnswer(secrets: secrets.mapValues { Data($0.utf8).base64EncodedString() }) }
    }

    @Test(
        "A step has its secrets as variables and as files of its own, shows none of them, and nothing of them stays; a later step cannot show them either"
    )
    func given() async throws {
        let harness = try StepHarness()
        let key = "-----BEGIN KEY-----\nabcdefgh\nijklmnop\n-----END KEY-----\n"
        let first = Self.step(
            """
            echo "token $TOKEN"; printf %s "$TOKEN" | cut -c1-7 | tr -d '\\n'; sleep 0.1; printf %s "$TOKEN" | cut -c8-
            printf %s "$TOKEN" | wc -c; printf %s "$TOKEN" | base64
            cat "$KEY"; wc -c < "$KEY"; ls -l "$KEY" | cut -c1-10; dirname "$KEY" | xargs ls -ld | cut -c1-10
            sed -n 2p "$KEY" > left; echo "$TOKEN" >> left
            """, ["TOKEN": SecretUse("token"), "KEY": SecretUse("key", form: .file)])
        let second = StepRecipe(name: "later", action: .run(.shell("cat left; echo ${TOKEN:-none}")))
        let ran = try await harness.run(Self.assignment(first, second), secrets: Self.given(["TOKEN": "s3cr3t-t0ken\n", "KEY": key]))
        #expect(ran.end?.outcome == .success)
        #expect(
            ran.log("1-s").split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                == ["token ***", "***", "12", "***", "***", "\(key.utf8.count)", "-rw-------", "drwx------"])
        #expect(ran.log("2-later") == "***\n***\nnone\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: harness.setting.directory.secrets).isEmpty)
    }

    @Test("A secret that is not there ends the step as the dispatcher says, before its command runs")
    func missing() async throws {
        let none: StepSecrets.Call = { _, _ throws(DispatcherError) in SecretsAnswer(outcome: .exception, text: "the secret token is not there") }
        let ran = try await StepHarness().run(Self.assignment(Self.step("echo ran", ["TOKEN": SecretUse("token")])), secrets: none)
        #expect(ran.end?.outcome == .exception && ran.end?.cause == .secret && ran.end?.text.contains("the secret token is not there") == true)
        #expect(ran.log("1-s").isEmpty)
    }

    @Test("A step waits for its secrets through dispatchers that are away or of an older version, and each attempt asks anew")
    func patience() async throws {
        let asked = Watched<[Int]>([])
        var step = Self.step("[ $DOORBELL_STEP_ATTEMPT = 2 ] && [ \"$TOKEN\" = new-one ]", ["TOKEN": SecretUse("token")])
        step.retries = 1
        let call: StepSecrets.Call = { _, attempt throws(DispatcherError) in
            asked.change { $0.append(attempt) }
            switch asked.value.count {
            case 1: throw .unavailable("away")
            case 2: throw .sessionOver(status: 404, "no such call")
            default: return SecretsAnswer(secrets: ["TOKEN": Data((attempt == 1 ? "old-one" : "new-one").utf8).base64EncodedString()])
            }
        }
        let ran = try await StepHarness().run(Self.assignment(step), secrets: call)
        #expect(ran.end?.outcome == .success && asked.value == [1, 1, 1, 2])
    }

    @Test("A build that is cancelled, or somebody else's, waits for no secrets")
    func ended() async throws {
        let assignment = Self.assignment(Self.step("echo ran", ["TOKEN": SecretUse("token")]))
        let away: StepSecrets.Call = { _, _ throws(DispatcherError) in throw .unavailable("away") }
        let cancelled = try await StepHarness().run(assignment, onStart: { $1.finishEarly(.cancelled("enough")) }, secrets: away)
        #expect(cancelled.end?.outcome == .cancelled && cancelled.log("1-s").isEmpty)
        let over: StepSecrets.Call = { _, _ throws(DispatcherError) in throw .sessionOver(status: 409, "gone") }
        let gone = try await StepHarness().run(assignment, secrets: over)
        #expect(gone.end == nil)
    }

    @Test("A zero byte, which no variable can hold, is told by the secret's name; a file can hold it")
    func zero() async throws {
        let given = Self.given(["TOKEN": "ab\u{0}cd"])
        let refused = try await StepHarness().run(Self.assignment(Self.step("true", ["TOKEN": SecretUse("token")])), secrets: given)
        #expect(refused.end?.outcome == .exception && refused.end?.text.contains("the secret token holds a zero byte") == true)
        let bytes: StepSecrets.Call = { _, _ throws(DispatcherError) in
            SecretsAnswer(secrets: ["TOKEN": Data([255, 254, 253, 252]).base64EncodedString()])
        }
        let noText = try await StepHarness().run(Self.assignment(Self.step("true", ["TOKEN": SecretUse("token")])), secrets: bytes)
        #expect(noText.end?.outcome == .exception && noText.end?.text.contains("the secret token is no text in UTF-8") == true)
        let file = Self.step("wc -c < \"$TOKEN\"", ["TOKEN": SecretUse("token", form: .file)])
        #expect(try await StepHarness().run(Self.assignment(file), secrets: given).log("1-s").trimmingCharacters(in: .whitespacesAndNewlines) == "5")
    }
}
