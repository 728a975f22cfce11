import Crypto
import Domain
import Storage

extension PostgresStore: LogStore {
    /// How much of a log is read at once to compute its digest.
    private static let piece = 1 << 20

    public func appendLog(_ append: LogAppend) async throws -> LogAppendAnswer {
        guard append.offset >= 0, append.step >= 0 else {
            throw StoreError.conflict("a log's offset and step are 0 or more: \(append.offset) and \(append.step) were given")
        }
        guard !append.name.utf8.contains(0) else { throw StoreError.conflict("a log's name has no zero byte") }
        var appended = try await grow(append)
        if appended == nil { appended = try await write("appending to a log") { try $0.append(append) } }
        guard let (answer, taken) = appended else { throw StoreError.internalError("an append had no answer") }
        if let taken {
            digests.appended(
                LogDigests.Place(build: append.build, name: append.name), at: append.offset + Int64(taken), append.bytes[taken...])
        }
        return answer
    }

    /// The usual append, in one statement: the build is its worker's, the log is open, and the bytes begin where it ends. Nil when any of this is not so, and
    /// then nothing was written. Locks as the long way does, the build before its log; a build that ends meanwhile, or bytes that arrive, are seen once the
    /// lock is had.
    private func grow(_ append: LogAppend) async throws -> (LogAppendAnswer, Int?)? {
        let (size, isTooFar) = append.offset.addingReportingOverflow(Int64(append.bytes.count))
        guard append.offset > 0, !append.bytes.isEmpty, !isTooFar else { return nil }
        return try await pool.single(
            "appending to a log",
            """
            WITH build AS MATERIALIZED (
                SELECT id FROM builds WHERE id = $1 AND session = $3 AND fence = $4 AND phase <> 'finished' FOR SHARE
            ), grown AS (
                UPDATE logs SET size = $6 FROM build WHERE logs.build = build.id AND name = $2 AND size = $5 AND NOT closed RETURNING build.id
            ), written AS (
                INSERT INTO log_chunks (build, name, start, bytes, made) SELECT id, $2, $5, $7, coalesce($8, \(Self.clock)) FROM grown
            )
            SELECT FROM grown
            """,
            [
                .integer(append.build.rawValue), .text(append.name), .integer(append.session.rawValue), .integer(append.fence.rawValue),
                .integer(append.offset), .integer(size), .bytes(append.bytes), clockArgument,
            ]
        ) { $0.isEmpty ? nil : (.accepted(size: size, grew: true), 0) }
    }

    public func logStatus(_ build: BuildID, name: String) async throws -> LogStatus? {
        try await read("reading a log's status") { sql in
            try sql.first(
                "SELECT name, step, size, sha256, closed FROM logs WHERE build = $1 AND name = $2", [.integer(build.rawValue), .text(name)]
            ).map { LogStatus(stored: $0) }
        }
    }

    public func logs(of build: BuildID) async throws -> [LogStatus] {
        try await read("listing a build's logs") { sql in
            try sql.all("SELECT name, step, size, sha256, closed FROM logs WHERE build = $1 ORDER BY step, name", [.integer(build.rawValue)])
                .map { LogStatus(stored: $0) }
        }
    }

    public func readLog(_ build: BuildID, name: String, offset: Int64, limit: Int) async throws -> [UInt8] {
        guard offset >= 0, limit > 0 else { return [] }
        let limit = min(limit, 4 << 20)
        return try await read("reading a log") { sql in
            guard
                let size = try sql.first(
                    "SELECT size FROM logs WHERE build = $1 AND name = $2", [.integer(build.rawValue), .text(name)])?.int64(0), offset < size
            else { return [] }
            let wanted = min(Int64(limit), size - offset)
            // Index: log_chunks_place. The first chunk that is needed begins at or before the offset.
            let rows = try sql.all(
                """
                SELECT start, bytes FROM log_chunks WHERE build = $1 AND name = $2 AND start < $4
                    AND start >= coalesce((SELECT max(start) FROM log_chunks WHERE build = $1 AND name = $2 AND start <= $3), 0)
                ORDER BY start
                """,
                [.integer(build.rawValue), .text(name), .integer(offset), .integer(offset + wanted)])
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Int(wanted))
            for row in rows {
                let chunk = row.bytes(1)
                let skip = max(0, Int(offset - row.int64(0)))
                if skip < chunk.count { bytes += chunk[skip...] }
            }
            return Array(bytes.prefix(Int(wanted)))
        }
    }

    /// What the server has of the logs that these reports declare whole. Read before the transaction; bytes that arrive between are not part of the log.
    func sealLogs(_ reports: [BuildReport]) async throws -> [BuildID: [String: SealedLog]] {
        var declared: [(build: BuildID, name: String)] = []
        for report in reports {
            guard case .finish(let end) = report.content else { continue }
            declared += end.logs.map { (report.build, $0.name) }
        }
        guard !declared.isEmpty else { return [:] }
        let sizes = try await read("measuring logs") { [declared] sql in
            try sql.all(
                """
                SELECT l.build, l.name, l.size FROM unnest($1::bigint[], $2::text[]) AS j (build, name)
                JOIN logs l ON l.build = j.build AND l.name = j.name
                """,
                [.integers(declared.map(\.build.rawValue)), .texts(declared.map(\.name))]
            ).map { (build: BuildID($0.int64(0)), name: $0.string(1), size: $0.int64(2)) }
        }
        var sealed: [BuildID: [String: SealedLog]] = [:]
        for log in sizes {
            let place = LogDigests.Place(build: log.build, name: log.name)
            let digest: String
            if let known = digests.digest(place, size: log.size) { digest = known } else { digest = try await self.digest(place, size: log.size) }
            sealed[log.build, default: [:]][log.name] = SealedLog(size: log.size, sha256: digest)
        }
        return sealed
    }

    private func digest(_ place: LogDigests.Place, size: Int64) async throws -> String {
        var hash = SHA256()
        var offset: Int64 = 0
        while offset < size {
            let part = try await readLog(place.build, name: place.name, offset: offset, limit: Self.piece)
            guard !part.isEmpty else { break }
            hash.update(data: part)
            offset += Int64(part.count)
        }
        return hash.finalize().hexadecimal
    }
}

extension LogStatus {
    /// Columns: name, step, size, sha256, closed.
    fileprivate init(stored row: PostgresRow) {
        self.init(name: row.string(0), step: row.int(1), size: row.int64(2), sha256: row.optionalString(3), closed: row.bool(4))
    }
}

extension PostgresStoreTransaction {
    /// Appends the part of the bytes beyond the log's size; gives the answer, and how many of the bytes were known when it grew.
    func append(_ append: LogAppend) throws -> (LogAppendAnswer, Int?) {
        let build = PostgresValue.integer(append.build.rawValue)
        let rows = try sql.pipeline([
            // Whoever ends the build waits for this, and this for it. Not shared: the first append of a log raises the version of the build.
            ("SELECT session, fence, phase, outcome, buildset, builder, request, worker FROM builds WHERE id = $1 FOR NO KEY UPDATE", [build]),
            (
                """
                INSERT INTO logs (build, name, step) SELECT id, $2, $3 FROM builds
                WHERE id = $1 AND session = $4 AND fence = $5 AND phase <> 'finished' ON CONFLICT (build, name) DO NOTHING
                """,
                [
                    build, .text(append.name), .integer(append.step), .integer(append.session.rawValue), .integer(append.fence.rawValue),
                ]
            ),
            ("SELECT size FROM logs WHERE build = $1 AND name = $2 FOR NO KEY UPDATE", [build, .text(append.name)]),
            ("SELECT count(*) FROM logs WHERE build = $1 AND name = $2 AND xmin = pg_current_xact_id()::xid", [build, .text(append.name)]),
        ])
        guard let found = rows[0].first else { return (.notFound, nil) }
        var machine = BuildMachine(
            phase: BuildPhase(rawValue: found.string(2)) ?? .finished, session: SessionID(found.int64(0)), fence: Fence(found.int64(1)),
            outcome: found.outcome(3))
        let renewal = BuildReport(key: "", build: append.build, session: append.session, fence: append.fence, content: .renew)
        if case .stale(let why) = machine.judge(renewal) { return (.stale(why), nil) }
        guard let size = rows[2].first?.int64(0) else { throw StoreError.internalError("a log was not opened") }
        if rows[3].first?.int64(0) == 1 {
            let fact = LogFact(build: append.build, builder: found.string(5), name: append.name, step: append.step)
            let context = try context(of: BuildsetID(found.int64(4)))
            emit(
                EventDraft(
                    .logOpened, entity: .build, id: append.build.rawValue, chain: context.eventChain(request: RequestID(found.int64(6))),
                    data: .log(fact)),
                routing: EventRouting(
                    project: context.stamp.project, branch: context.stamp.branch, builder: found.string(5), worker: found.string(7)))
        }
        guard append.offset <= size else { return (.gap(size: size), nil) }
        let known = Int(min(size - append.offset, Int64(append.bytes.count)))
        guard known < append.bytes.count else { return (.accepted(size: size, grew: false), nil) }
        let grown = append.offset + Int64(append.bytes.count)
        try sql.later(
            "INSERT INTO log_chunks (build, name, start, bytes, made) VALUES ($1, $2, $3, $4, $5)",
            [build, .text(append.name), .integer(size), .bytes(Array(append.bytes[known...])), .integer(now.microseconds)])
        sql.later("UPDATE logs SET size = $3 WHERE build = $1 AND name = $2", [build, .text(append.name), .integer(grown)])
        return (.accepted(size: grown, grew: true), known)
    }
}
