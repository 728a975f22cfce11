import Foundation
import ProcessSupport
import TestSupport
import Testing

@Suite struct SystemdTests {
    /// Unit files as they are on a machine, a template by one of its instances.
    static let units = [
        ("doorbell@.service", "doorbell@intake.service"), ("doorbell@.service", "doorbell@relay.service"),
        ("doorbell-migrate.service", "doorbell-migrate.service"), ("doorbell-worker.service", "doorbell-worker.service"),
    ]

    @Test("systemd has nothing to say against the units", arguments: units)
    func verifies(file: String, installed: String) async throws {
        let directory = TemporaryDirectory()
        let text = try String(contentsOfFile: Tool.file("systemd/\(file)"), encoding: .utf8)
            .replacing("/usr/local/bin/doorbell-worker", with: Binaries.worker).replacing("/usr/local/bin/doorbell ", with: Binaries.doorbell + " ")
        try text.write(toFile: directory.file(installed), atomically: true, encoding: .utf8)
        let result = try await Tool.run("systemd-analyze", ["verify", directory.file(installed)])
        #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
    }

    @Test("A service is as closed as systemd can make it and still let it do its work")
    func isHardened() async throws {
        let directory = TemporaryDirectory()
        let unit = directory.file("doorbell@intake.service")
        try FileManager.default.copyItem(atPath: Tool.file("systemd/doorbell@.service"), toPath: unit)
        // The threshold is in tenths: 2.0 is "OK" in systemd's own words; below it the command ends with status 0.
        let result = try await Tool.run("systemd-analyze", ["security", "--offline=true", "--threshold=20", "--no-pager", unit])
        #expect(result.status == 0, "\(result.output.suffix(300))")
    }

    @Test("Each subcommand that the unit of the services names is one that the program has")
    func subcommandsExist() async throws {
        let text = try String(contentsOfFile: Tool.file("systemd/doorbell@.service"), encoding: .utf8)
        let named = text.matches(of: /doorbell@([a-z]+)/).map { String($0.output.1) }
        #expect(named.count == 5)
        for name in named {
            let result = try await Tool.run(Binaries.doorbell, [name, "--help"])
            #expect(result.status == 0 && result.output.contains("USAGE: doorbell \(name)"), "\(result.output)")
        }
    }
}
