import Domain
import Storage

extension PostgresStore: TriggerStore {
    public func trigger(_ call: StepCall) async throws -> TriggerVerdict {
        try await write("triggering by build \(call.build)") { try $0.trigger(call) }
    }

    public func triggered(by builds: [BuildID]) async throws -> [TriggeredBuildset] {
        try await pool.single(
            "looking for what builds triggered", PostgresStoreTransaction.triggered, [.integers(builds.map(\.rawValue))]
        ) { $0.map(TriggeredBuildset.init) }
    }

    public func endTriggered(limit: Int) async throws -> EndedTriggers {
        try await write("cancelling what ended builds waited for") { try $0.endTriggered(limit: limit) }
    }
}

extension PostgresStore: SecretStore {
    public func secrets(for call: StepCall) async throws -> SecretVerdict {
        try await write("looking for the secrets of build \(call.build)") { try $0.secrets(for: call) }
    }
}

extension PostgresStoreTransaction: TriggerTransaction {
    // Index: triggered_build.
    static let triggered = """
        SELECT t.build, t.step, t.attempt, b.id, b.scheduler, b.outcome, t.waits FROM triggered t JOIN buildsets b ON b.id = t.buildset
        WHERE t.build = ANY ($1::bigint[]) ORDER BY b.id
        """

    func triggered(by builds: [BuildID]) throws -> [TriggeredBuildset] {
        try sql.all(Self.triggered, [.integers(builds.map(\.rawValue))]).map(TriggeredBuildset.init)
    }

    func keepTriggered(_ buildsets: [BuildsetID], by call: StepCall, waits: Bool) {
        sql.later(
            "INSERT INTO triggered (buildset, build, step, attempt, waits) SELECT unnest($1::bigint[]), $2, $3, $4, $5",
            [
                .integers(buildsets.map(\.rawValue)), .integer(call.build.rawValue), .integer(call.step), .integer(call.attempt), .boolean(waits),
            ])
    }

    func takeEndedTriggers(limit: Int) throws -> [EndedTrigger] {
        // The table holds what open builds triggered, and little besides.
        try sql.all(
            """
            SELECT t.buildset, t.build, t.step, t.waits FROM triggered t JOIN builds p ON p.id = t.build
            WHERE p.finished IS NOT NULL OR t.waits AND EXISTS (
                SELECT 1 FROM steps s WHERE s.build = t.build AND s.number = t.step AND s.attempt = t.attempt AND s.phase = 'finished')
            ORDER BY t.buildset LIMIT $1 FOR UPDATE OF t SKIP LOCKED
            """, [.integer(limit)]
        ).map { EndedTrigger(buildset: BuildsetID($0.int64(0)), build: BuildID($0.int64(1)), step: $0.int(2), waits: $0.bool(3)) }
    }

    func forgetTriggered(_ buildsets: [BuildsetID]) {
        sql.later("DELETE FROM triggered WHERE buildset = ANY ($1::bigint[])", [.integers(buildsets.map(\.rawValue))])
    }

    func openRequests(of buildsets: [BuildsetID], limit: Int) throws -> [(buildset: BuildsetID, request: RequestID)] {
        // Index: the unique (buildset, builder).
        try sql.all(
            """
            SELECT buildset, id FROM requests WHERE buildset = ANY ($1::bigint[]) AND finished IS NULL AND cancel_reason IS NULL
            ORDER BY buildset, id LIMIT $2
            """, [.integers(buildsets.map(\.rawValue)), .integer(limit)]
        ).map { (buildset: BuildsetID($0.int64(0)), request: RequestID($0.int64(1))) }
    }
}

extension TriggeredBuildset {
    fileprivate init(_ row: PostgresRow) {
        self.init(
            build: BuildID(row.int64(0)), step: row.int(1), attempt: row.int(2), buildset: BuildsetID(row.int64(3)), scheduler: row.string(4),
            outcome: row.optionalString(5).flatMap(Outcome.init), waits: row.bool(6))
    }
}
