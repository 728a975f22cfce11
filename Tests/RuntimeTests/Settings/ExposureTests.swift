import HTTPDoor
import Testing

@testable import Runtime

/// Where a server may listen without asking who calls.
@Suite struct ExposureTests {
    private static func settings(_ listen: String, _ environment: [String: String] = [:]) throws -> Settings {
        try Settings(environment: environment, listen: listen)
    }

    @Test("On loopback nobody has to ask", arguments: ["127.0.0.1:8010", "127.8.9.10:1", "localhost:8010", "[::1]:8010"])
    func loopback(listen: String) throws {
        let settings = try Self.settings(listen)
        #expect(settings.access == .off)
        try settings.checkExposure()
    }

    @Test(
        "Everywhere else it is refused for good, in one line that says what to do",
        arguments: ["0.0.0.0:8010", "[::]:8010", "10.0.0.5:8011", "127.example.org:80", "127.0.0.1.example.org:80", "127.0.0:80", "127.0.0.256:80"])
    func exposed(listen: String) throws {
        let failure = #expect(throws: StartFailure.self) { try Self.settings(listen).checkExposure() }
        #expect(failure?.isConfiguration == true)
        #expect(failure?.description.contains("DOORBELL_AUTH=tokens") == true && failure?.description.contains("\n") == false)
        try Self.settings(listen, ["DOORBELL_AUTH": "tokens"]).checkExposure()
        try Self.settings(listen, ["DOORBELL_INSECURE": "yes"]).checkExposure()
    }

    @Test("The settings say who has to say who he is")
    func modes() throws {
        #expect(try Self.settings("127.0.0.1:0", ["DOORBELL_AUTH": "tokens"]).access == .tokens(anonymousReads: false))
        #expect(try Self.settings("127.0.0.1:0", ["DOORBELL_AUTH": "tokens", "DOORBELL_ANONYMOUS": "read"]).access == .tokens(anonymousReads: true))
        for wrong in [["DOORBELL_AUTH": "on"], ["DOORBELL_ANONYMOUS": "yes"], ["DOORBELL_INSECURE": "1"]] {
            #expect(throws: SettingsError.self) { try Self.settings("127.0.0.1:0", wrong) }
        }
    }
}
