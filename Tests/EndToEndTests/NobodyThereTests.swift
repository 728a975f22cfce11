import Foundation
import ProcessSupport
import TestSupport
import Testing

/// Commands for people where there is nothing to talk to.
@Suite struct NobodyThereTests {
    let directory = TemporaryDirectory()

    @Test("With nobody at the address, a command says so at once instead of trying on")
    func refused() async throws {
        let process = try RunningProcess(
            Binaries.doorbell, ["builds"], in: directory.path, environment: ["DOORBELL_URL": "http://127.0.0.1:\(try FreePort.find())"],
            logs: directory.path, name: "builds")
        #expect(await process.status(within: .seconds(20)) == 69)
        #expect(process.errorOutput.contains("doorbell up"))
    }

    @Test("init outside of a git repository says what is missing")
    func initElsewhere() async throws {
        let process = try RunningProcess(
            Binaries.doorbell, ["init"], in: directory.path,
            environment: ["GIT_CEILING_DIRECTORIES": (directory.path as NSString).deletingLastPathComponent], logs: directory.path,
            name: "init")
        #expect(await process.status() == 0)
        #expect(process.output.contains("no git repository"))
    }
}
