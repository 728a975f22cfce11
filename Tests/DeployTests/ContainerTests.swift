import Foundation
import Testing
import Yams

@Suite struct ContainerTests {
    @Test("The container file follows the rules of its kind")
    func containerfileIsSound() async throws {
        // Debian's packages are not pinned: security updates come with each build of the image.
        let result = try await Tool.run("hadolint", ["--ignore", "DL3008", Tool.file("container/Containerfile")])
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("The compose file is what compose expects")
    func composeFileIsValid() async throws {
        let result = try await Tool.run(
            "check-jsonschema", ["--builtin-schema", "vendor.compose-spec", Tool.file("container/compose.yaml")])
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("What listens to other machines asks for tokens, and the workers have one")
    func tokensAreAskedFor() throws {
        let text = try String(contentsOfFile: Tool.file("container/compose.yaml"), encoding: .utf8)
        let compose = try #require(try Yams.load(yaml: text) as? [String: Any])
        let services = try #require(compose["services"] as? [String: Any])
        for name in ["intake", "dispatcher", "web"] {
            let environment = (services[name] as? [String: Any])?["environment"] as? [String: Any]
            #expect(environment?["DOORBELL_LISTEN"] as? String == "0.0.0.0:8010" && environment?["DOORBELL_AUTH"] as? String == "tokens", "\(name)")
        }
        let worker = (services["worker"] as? [String: Any])?["environment"] as? [String: Any]
        #expect(worker?["DOORBELL_TOKEN"] != nil)
    }

    @Test("Every path that the container file copies is there, and nobody runs as root")
    func pathsExist() throws {
        let text = try String(contentsOfFile: Tool.file("container/Containerfile"), encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix("COPY ") && !line.contains("--from=") {
            for path in line.split(separator: " ").dropFirst().dropLast() {
                #expect(FileManager.default.fileExists(atPath: "\(Tool.top)/\(path)"), "\(line)")
            }
        }
        let stages = text.components(separatedBy: "\nFROM ").dropFirst(2)
        #expect(stages.count == 2 && stages.allSatisfy { $0.contains("\nUSER 100") })
    }
}
