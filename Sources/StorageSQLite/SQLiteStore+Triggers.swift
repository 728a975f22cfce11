import Domain
import GRDB
import Storage

extension SQLiteStore: TriggerStore {
    public func trigger(_ call: StepCall) async throws -> TriggerVerdict {
        try await write("triggering by build \(call.build)") { try $0.trigger(call) }
    }

    public func triggered(by builds: [BuildID]) async throws -> [TriggeredBuildset] {
        try await readOnce("looking for what builds triggered") { db in
            try Row.fetchAll(db.cachedStatement(sql: SQLiteTransaction.triggered), arguments: [JSONText.list(builds)]).map(TriggeredBuildset.init)
        }
    }

    public func endTriggered(limit: Int) async throws -> EndedTriggers {
        try await write("cancelling what ended builds waited for") { try $0.endTriggered(limit: limit) }
    }
}

extension SQLiteStore: SecretStore {
    public func secrets(for call: StepCall) async throws -> SecretVerdict {
        try await write("looking for the secrets of build \(call.build)") { try $0.secrets(for: call) }
    }
}

extension SQLiteTransaction: TriggerTransaction {
    // Index: triggered_build.
    static let triggered = """
        SELECT t.build, t.step, t.attempt, b.id, b.scheduler, b.outcome, t.waits FROM triggered t JOIN buildsets b ON b.id = t.buildset
        WHERE t.build IN (SELECT value FROM json_each(?)) ORDER BY b.id
        """

    func triggered(by builds: [BuildID]) throws -> [TriggeredBuildset] {
        try all(Self.triggered, [JSONText.list(builds)]).map(TriggeredBuildset.init)
    }

    func keepTriggered(_ buildsets: [BuildsetID], by call: StepCall, waits: Bool) throws {
        for buildset in buildsets {
            try run(
                "INSERT INTO triggered (buildset, build, step, attempt, waits) VALUES (?, ?, ?, ?, ?)",
                [buildset.rawValue, call.build.rawValue, call.step, call.attempt, waits])
        }
    }

    func takeEndedTriggers(limit: Int) throws -> [EndedTrigger] {
        // The table holds what open builds triggered, and little besides.
        try all(
            """
            SELECT t.buildset, t.build, t.step, t.waits FROM triggered t JOIN builds p ON p.id = t.build
            WHERE p.phase = 'finished' OR t.waits AND EXISTS (
                SELECT 1 FROM steps s WHERE s.build = t.build AND s.number = t.step AND s.attempt = t.attempt AND s.phase = 'finished')
            ORDER BY t.buildset LIMIT ?
            """, [limit]
        ).map { EndedTrigger(buildset: BuildsetID($0[0]), build: BuildID($0[1]), step: $0[2], waits: $0[3]) }
    }

    func forgetTriggered(_ buildsets: [BuildsetID]) throws {
        try run("DELETE FROM triggered WHERE buildset IN (SELECT value FROM json_each(?))", [JSONText.list(buildsets)])
    }

    func openRequests(of buildsets: [BuildsetID], limit: Int) throws -> [(buildset: BuildsetID, request: RequestID)] {
        // Index: the unique (buildset, builder).
        try all(
            """
            SELECT buildset, id FROM requests WHERE buildset IN (SELECT value FROM json_each(?)) AND phase <> 'finished'
                AND cancel_reason IS NULL ORDER BY buildset, id LIMIT ?
            """, [JSONText.list(buildsets), limit]
        ).map { (buildset: BuildsetID($0[0]), request: RequestID($0[1])) }
    }
}

extension TriggeredBuildset {
    fileprivate init(_ row: Row) {
        self.init(
            build: BuildID(row[0]), step: row[1], attempt: row[2], buildset: BuildsetID(row[3]), scheduler: row[4],
            outcome: (row[5] as String?).flatMap(Outcome.init), waits: row[6])
    }
}
