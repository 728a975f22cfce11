import Domain
import Foundation
import GRDB
import Schemas
import Storage
import StoreConformance
import TestSupport
import Testing

@testable import StorageSQLite

/// How a data directory is opened, and what is refused.
@Suite struct OpeningTests {
    private let directory = TemporaryDirectory()

    private func open() async throws -> SQLiteStore { try await SQLiteStore.open(directory: directory.path, clock: ManualStoreClock()) }

    /// Changes the database behind the store's back.
    private func tamper(_ sql: String) throws {
        try DatabaseQueue(path: directory.file("doorbell.sqlite")).write { try $0.execute(sql: sql) }
    }

    @Test("Every connection waits for the disk, checks foreign keys and uses the write-ahead log")
    func connections() async throws {
        let store = try await open()
        let writer = try await store.pool.write { try Self.settings($0) }
        let reader = try await store.pool.read { try Self.settings($0) }
        for settings in [writer, reader] {
            #expect(settings.synchronous == 2)
            #expect(settings.foreignKeys == 1)
            #expect(settings.journal == "wal")
            #expect((1...10_000).contains(settings.busyTimeout ?? 0), "the wait for another process is bounded")
        }
    }

    @Test("Two stores in one data directory: the second is refused and says what to do")
    func twoOpeners() async throws {
        let first = try await open()
        await #expect {
            _ = try await open()
        } throws: { error in
            guard case StoreError.inUse(let text) = error else { return false }
            return text.contains(directory.path) && text.contains("process \(getpid())") && text.contains("DOORBELL_DATA_DIR")
        }
        try await first.close()
        _ = try await open()
    }

    @Test("The lock does not outlive the store in the processes it started")
    func lockIsNotInherited() async throws {
        let store = try await open()
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/cat")
        let input = Pipe()
        child.standardInput = input
        try child.run()
        try await store.close()
        _ = try await open()
        try input.fileHandleForWriting.close()
        child.waitUntilExit()
    }

    @Test("A database of a newer version is refused and left alone")
    func newerSchema() async throws {
        let store = try await open()
        try await store.close()
        try tamper("INSERT INTO schema_migrations (number, name, applied) VALUES (999, 'future', 0)")
        await #expect(throws: StoreError.newerSchema(found: 999, known: Schemas.sqlite.last?.number ?? 0)) { _ = try await open() }
        try tamper("DELETE FROM schema_migrations WHERE number = 999")
        _ = try await open()
    }

    @Test("A file that is no database is refused and left alone")
    func notADatabase() async throws {
        let path = directory.file("doorbell.sqlite")
        let text = String(repeating: "not a database\n", count: 1000)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        await #expect {
            _ = try await open()
        } throws: { error in
            if case StoreError.conflict(let told) = error { told.contains(path) && told.contains("not a SQLite database") } else { false }
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }

    @Test("The database of another program is refused")
    func foreignDatabase() async throws {
        try tamper("CREATE TABLE songs (title TEXT)")
        await #expect {
            _ = try await open()
        } throws: { error in
            if case StoreError.conflict(let told) = error { told.contains("another program") } else { false }
        }
    }

    @Test("A data directory that cannot be made says so")
    func impossibleDirectory() async throws {
        try "".write(toFile: directory.file("file"), atomically: false, encoding: .utf8)
        await #expect {
            _ = try await SQLiteStore.open(directory: directory.file("file") + "/data")
        } throws: { error in
            if case StoreError.unavailable(let told) = error { told.contains("/file/data") } else { false }
        }
    }

    @Test("The deployment keeps its id, and what was accepted stays accepted, when the store is opened again")
    func reopening() async throws {
        let store = try await open()
        let configuration = Samples.configuration(quiet: .seconds(5))
        _ = try await store.apply(configuration, digest: Samples.digest(1))
        let receipt = try #require(try await store.accept([Samples.change("1", key: "k")], advancing: nil).first)
        let forced = try await store.force(Samples.force(), idempotency: Samples.key("a"))
        let events = try await store.everyEvent()
        try await store.close()

        let again = try await open()
        #expect(again.deployment == store.deployment)
        #expect(again.epoch == store.epoch)
        #expect(try await again.everyEvent() == events)
        #expect(try await again.currentConfiguration()?.configuration == configuration)
        #expect(try await again.accept([Samples.change("1", key: "k")], advancing: nil).first?.id == receipt.id)
        #expect(try await again.force(Samples.force(), idempotency: Samples.key("a")).buildset == forced.buildset)
        #expect(try await again.classify(limit: 10, planner: Planner(configuration: configuration)).taken == 1)
    }

    @Test("A closed store says so")
    func closed() async throws {
        let store = try await open()
        try await store.close()
        await #expect {
            try await store.accept([Samples.change("1")], advancing: nil)
        } throws: { error in
            if case StoreError.unavailable(let told) = error { told.contains("closed") } else { false }
        }
        try await store.close()
    }

    private struct Settings {
        var synchronous: Int?
        var foreignKeys: Int?
        var journal: String?
        var busyTimeout: Int?
    }

    private static func settings(_ db: Database) throws -> Settings {
        Settings(
            synchronous: try Int.fetchOne(db, sql: "PRAGMA synchronous"), foreignKeys: try Int.fetchOne(db, sql: "PRAGMA foreign_keys"),
            journal: try String.fetchOne(db, sql: "PRAGMA journal_mode"), busyTimeout: try Int.fetchOne(db, sql: "PRAGMA busy_timeout"))
    }
}
