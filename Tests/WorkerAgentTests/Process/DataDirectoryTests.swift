import Foundation
import ProcessSupport
import TestSupport
import Testing

@testable import WorkerAgent

@Suite struct DataDirectoryTests {
    let temporary = TemporaryDirectory()

    @Test("Two workers never share a data directory")
    func exclusive() throws {
        let first = try DataDirectory.open(temporary.file("data"))
        let error = #expect(throws: WorkerError.self) { try DataDirectory.open(temporary.file("data")) }
        #expect(error?.code == .directoryInUse)
        first.close()
        try DataDirectory.open(temporary.file("data")).close()
    }

    @Test("A directory is free again only when what was started from it has ended")
    func waitsForGuards() async throws {
        let directory = try DataDirectory.open(temporary.file("data"))
        let control = CommandControl()
        let running = Gate()
        let command = GuardedCommand(
            program: "/bin/sh", arguments: ["sh", "-c", "echo up; sleep 600"], environment: [:], directory: "/", keep: directory.lock)
        let ended = Task { await CommandThread.run(command, control: control) { _ in running.open() } }
        await running.wait()
        directory.close()
        // The lock is still the guard's; its holder, by the file, is this process, which lives.
        #expect(throws: WorkerError.self) { try DataDirectory.open(temporary.file("data")) }
        control.interrupt(.asked, kill: true)
        _ = await ended.value
        try Self.reopen(temporary.file("data")).close()
    }

    /// A guard that another test forks holds every descriptor of this process for a moment.
    private static func reopen(_ path: String) throws -> DataDirectory {
        let end = ContinuousClock.now.advanced(by: .seconds(10))
        while true {
            do {
                return try DataDirectory.open(path)
            } catch let error as WorkerError where error.code == .directoryInUse && ContinuousClock.now < end {
                usleep(10_000)
            }
        }
    }

    @Test("The mark stays the same, and spooled output and credentials of an earlier worker go")
    func reopening() throws {
        let first = try DataDirectory.open(temporary.file("data"))
        try Data("x".utf8).write(to: URL(fileURLWithPath: first.spool + "/left"))
        try Data("x".utf8).write(to: URL(fileURLWithPath: first.secrets + "/left"))
        first.close()
        let second = try Self.reopen(temporary.file("data"))
        defer { second.close() }
        #expect(second.mark.value == first.mark.value)
        #expect(try FileManager.default.contentsOfDirectory(atPath: second.spool).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: second.secrets).isEmpty)
    }

    @Test("A directory that cannot be made is a clear error")
    func unusable() throws {
        try Data().write(to: URL(fileURLWithPath: temporary.file("file")))
        let error = #expect(throws: WorkerError.self) { try DataDirectory.open(temporary.file("file")) }
        #expect(error?.code == .directoryUnusable)
    }
}
