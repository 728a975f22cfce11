import Domain
import Foundation
import ProcessSupport
import ServerSupport
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StoragePostgres

/// Published state that was taken back is told, and everything goes on (DESIGN §5).
@Suite(.timeLimit(.minutes(10)), .takingTurns) struct RestoreTests {
    private let directory = TemporaryDirectory()

    private func run(_ program: String, _ arguments: String...) async throws {
        let process = try RunningProcess(
            "/usr/bin/" + program, arguments, in: directory.path, logs: directory.path, name: program)
        guard await process.status() == 0 else { throw StoreError.internalError("\(program): \(process.errorOutput)") }
    }

    private func open(_ url: String, migrating: Bool = false) async throws -> PostgresStore {
        try await PostgresStore.open(try PostgresAddress(url), connections: 2, migrating: migrating)
    }

    private func revisions(_ store: PostgresStore) async throws -> [String] {
        try await store.events(.changeReceived).map { try $0.fact(ChangeFact.self).revision }
    }

    @Test("A dump that is restored on another server is a new epoch, in which every event is still read and new ones follow")
    func restored() async throws {
        let url = try await PrivatePostgres.shared().newDatabase()
        let before = try await open(url, migrating: true)
        _ = try await before.accept((1...5).map { Samples.change(String($0)) }, advancing: nil)
        let cursor = try await before.latestCursor()
        try await before.close()
        try await run("pg_dump", "--format=custom", "--file=\(directory.file("dump"))", url)

        let copy = try await PrivatePostgres.start().newDatabase()
        try await run("pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "--dbname=\(copy)", directory.file("dump"))
        let after = try await open(copy, migrating: true)
        #expect(after.epoch == before.epoch + 1)
        #expect(try await revisions(after) == ["1", "2", "3", "4", "5"])
        await #expect {
            try await after.events(after: cursor, limit: 1)
        } throws: { error in
            if case StoreError.conflict = error { true } else { false }
        }
        _ = try await after.accept([Samples.change("6")], advancing: nil)
        #expect(try await revisions(after) == ["1", "2", "3", "4", "5", "6"])
        #expect(try await after.events(.deploymentRewound).count == 1, "consumers are told once")
        expectContiguousVersions(try await after.everyEvent())
        try await after.close()

        let again = try await open(copy)
        #expect(again.epoch == after.epoch, "another look is no other history")
        try await again.close()
    }
}
