import Domain
import Foundation
import Storage
import StorageSQLite
import TestSupport
import Testing

@testable import Intake

/// A real directory, a store, and looks from the one into the other.
struct DropRig: Sendable {
    let directory = TemporaryDirectory()
    let store: SQLiteStore
    let log = LogRecorder()
    let rings = Watched(0)

    init() async throws {
        store = try await SQLiteStore.open(directory: directory.file("data"))
        try FileManager.default.createDirectory(atPath: directory.file("in"), withIntermediateDirectories: true)
    }

    func source(accepted: DirectoryConfiguration.Accepted = .keep, mappings: [ChangeMapping]? = nil) -> DirectoryConfiguration {
        DirectoryConfiguration(name: "dropped", directory: directory.file("in"), every: .seconds(3600), accepted: accepted, mappings: mappings)
    }

    /// A poll as a process that has just started makes it.
    func start(_ source: DirectoryConfiguration? = nil, store other: (any ChangeStore & SourceStore)? = nil) -> SourcePoll {
        let source = source ?? self.source()
        let look = DirectoryLook(source: source, ties: SourceTies(project: "demo"), store: other ?? store, logger: log.logger) { [rings] in
            rings.change { $0 += 1 }
        }
        return SourcePoll(source: .directory(source), ties: SourceTies(project: "demo"), look: look, store: other ?? store, logger: log.logger)
    }

    /// As those who drop files do it.
    func drop(_ name: String, _ text: String) throws {
        try text.write(toFile: directory.file("in/\(name).tmp"), atomically: false, encoding: .utf8)
        try FileManager.default.moveItem(atPath: directory.file("in/\(name).tmp"), toPath: directory.file("in/\(name)"))
    }

    static func change(_ revision: String, _ more: String = "") -> String {
        #"{"project": "p", "repository": "https://example.org/r.git", "branch": "main", "revision": "\#(revision)"\#(more)}"#
    }

    func revisions() async throws -> [String] {
        try await store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 5000)).map(\.content.revision)
    }

    func files(_ folder: String = "") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory.file("in/" + folder))) ?? []).filter {
            ![".lock", ".doorbell"].contains($0)
        }.sorted()
    }

    func reason(_ name: String) -> String { (try? String(contentsOfFile: directory.file("in/bad/\(name).reason"), encoding: .utf8)) ?? "" }
}

/// A store whose accept commits and then is not heard of: as when the process dies between the commit and what follows.
struct DyingStore: ChangeStore, SourceStore {
    struct Death: Error {}
    let store: SQLiteStore
    /// False: the database is away to begin with.
    var commits = true

    func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        guard commits else { throw StoreError.unavailable("the database is away") }
        _ = try await store.accept(changes, advancing: advancing)
        throw Death()
    }
    func sourceState(_ source: String) async throws -> SourceState { try await store.sourceState(source) }
    func recordSourceHealth(_ source: String, _ health: SourceHealth) async throws { try await store.recordSourceHealth(source, health) }
    func mirrorEnds(of lines: [String]) async throws -> [String: MirrorEnd] { try await store.mirrorEnds(of: lines) }
    func leaseSource(_ source: String, to poller: String, for period: Duration) async throws -> Bool { true }
    func releaseSources(of poller: String) async throws {}
}
