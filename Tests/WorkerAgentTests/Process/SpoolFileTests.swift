import Foundation
import TestSupport
import Testing

@testable import WorkerAgent

@Suite struct SpoolFileTests {
    let directory = TemporaryDirectory()

    private func append(_ bytes: [UInt8], to file: SpoolFile) throws {
        try bytes.withUnsafeBytes { try file.append($0) }
    }

    @Test("What was appended is read back from any offset, and its digest is that of all of it")
    func readsBack() throws {
        let file = try SpoolFile(path: directory.file("log"), budget: SpoolBudget(limit: nil))
        try append(Array("hello ".utf8), to: file)
        try append([0xFF, 0x00, 0x0A], to: file)
        #expect(file.progress == .init(size: 9, closed: false))
        #expect(try file.read(from: 6, limit: 100) == [0xFF, 0x00, 0x0A])
        #expect(try file.read(from: 0, limit: 5) == Array("hello".utf8))
        #expect(try file.read(from: 100, limit: 5).isEmpty)
        // printf 'hello \377\000\n' | sha256sum
        #expect(file.sha256 == "cb5449188c99eba32ea635d5786ed28255de1d498eff34b81be7cc59d57f583d")
    }

    @Test("A spool that is full refuses more and keeps what it has; removing gives the space back")
    func budget() throws {
        let budget = SpoolBudget(limit: 10)
        let file = try SpoolFile(path: directory.file("a"), budget: budget)
        try append(Array(repeating: 1, count: 8), to: file)
        #expect(throws: OutputRefusal(number: ENOSPC)) { try append([1, 2, 3], to: file) }
        #expect(file.progress.size == 8)
        file.remove()
        let other = try SpoolFile(path: directory.file("b"), budget: budget)
        try append(Array(repeating: 1, count: 10), to: other)
    }

    @Test("A reader is woken by growth, by the end, and by its own cancellation")
    func wakes() async throws {
        let file = try SpoolFile(path: directory.file("log"), budget: SpoolBudget(limit: nil))
        async let grown: Void = file.grown(beyond: 2)
        try append([1, 2, 3], to: file)
        await grown
        async let ended: Void = file.grown(beyond: 3)
        file.seal()
        await ended
        let open = try SpoolFile(path: directory.file("other"), budget: SpoolBudget(limit: nil))
        let waiting = Task { await open.grown(beyond: 0) }
        waiting.cancel()
        await waiting.value
    }
}
