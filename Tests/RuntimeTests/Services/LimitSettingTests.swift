import HTTPDoor
import Testing

@testable import Runtime

@Suite struct LimitSettingTests {
    private func limits(_ listen: String, _ environment: [String: String] = [:]) throws -> ClientLimits {
        try Settings(environment: environment, listen: listen).limits
    }

    @Test("Clients are held back where others can reach the server, as far as nothing else is said")
    func defaults() throws {
        #expect(try limits("127.0.0.1:8010") == ClientLimits() && limits("[::1]:8010") == ClientLimits())
        #expect(try limits("0.0.0.0:8010") == ClientLimits(writes: 200, reads: 1000))
        #expect(try limits("127.0.0.1:8010", ["DOORBELL_WRITES_PER_SECOND": "5"]) == ClientLimits(writes: 5))
        #expect(try limits("0.0.0.0:8010", ["DOORBELL_READS_PER_SECOND": "0"]) == ClientLimits(writes: 200))
    }

    @Test("A limit that is none is refused by name", arguments: ["-1", "many", "1.5", "1000001"])
    func refused(text: String) {
        let error = #expect(throws: SettingsError.self) { try limits("127.0.0.1:8010", ["DOORBELL_READS_PER_SECOND": text]) }
        #expect(error?.variable == "DOORBELL_READS_PER_SECOND")
    }
}
