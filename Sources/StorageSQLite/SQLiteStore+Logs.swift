import Domain
import GRDB
import Storage

extension SQLiteStore: LogStore {
    public func appendLog(_ append: LogAppend) async throws -> LogAppendAnswer {
        guard append.offset >= 0, append.step >= 0 else {
            throw StoreError.conflict("a log's offset and step are 0 or more: \(append.offset) and \(append.step) were given")
        }
        guard !append.name.utf8.contains(0) else { throw StoreError.conflict("a log's name has no zero byte") }
        let asked = LogGrant(session: append.session, fence: append.fence)
        if grants.grant(append.build, append.name) != asked, let refusal = try await openLog(append) { return refusal }
        let appended = try await logs.append(append.build, name: append.name, offset: append.offset, bytes: append.bytes)
        // The build may have ended while the bytes were on their way. Whoever ended it took the log's size after it had revoked the grant: bytes
        // that were written while the grant was in force are in that size, others must not be acknowledged.
        if grants.grant(append.build, append.name) != asked, let refusal = try await openLog(append) { return refusal }
        return switch appended {
        case .grew(let size): .accepted(size: size, grew: true)
        case .repeated(let size): .accepted(size: size, grew: false)
        case .gap(let size): .gap(size: size)
        }
    }

    /// Asks the database, in the order of its writes, whether the append is allowed; the first append of a log makes its row. Nil when it is.
    private func openLog(_ append: LogAppend) async throws -> LogAppendAnswer? {
        try await write("opening a log") { tx in
            guard let build = try tx.builds([append.build], ending: [])[append.build] else { return .notFound }
            var machine = build.machine
            let renewal = BuildReport(key: "", build: append.build, session: append.session, fence: append.fence, content: .renew)
            if case .stale(let why) = machine.judge(renewal) { return .stale(why) }
            let made = try tx.run(
                "INSERT INTO logs (build, name, step) VALUES (?, ?, ?) ON CONFLICT (build, name) DO NOTHING",
                [append.build.rawValue, append.name, append.step])
            if made > 0 {
                let fact = LogFact(build: append.build, builder: build.builder, name: append.name, step: append.step)
                tx.emit([build.event(.logOpened, try tx.context(of: build.buildset), .log(fact))])
            }
            tx.whenCommitted {
                tx.store.grants.insert(LogGrant(session: append.session, fence: append.fence), append.build, append.name)
            }
            return nil
        }
    }

    public func logStatus(_ build: BuildID, name: String) async throws -> LogStatus? {
        try await read("reading a log's status") { [logs] db in
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT build, name, step, size, sha256, closed FROM logs WHERE build = ? AND name = ?"),
                arguments: [build.rawValue, name])
            return row.map { LogStatus($0, logs) }
        }
    }

    public func readLog(_ build: BuildID, name: String, offset: Int64, limit: Int) async throws -> [UInt8] {
        guard offset >= 0, limit > 0, let status = try await logStatus(build, name: name), offset < status.size else { return [] }
        // A closed log ends where its row says, whatever else the file holds.
        let rest = status.closed ? status.size - offset : Int64.max
        return try await logs.read(build, name: name, offset: offset, limit: Int(min(Int64(limit), rest)))
    }
}

extension LogStatus {
    /// Columns: build, name, step, size, sha256, closed. An open log has the size that its file has.
    init(_ row: Row, _ logs: LogDirectory) {
        let closed: Bool = row[5]
        let name: String = row[1]
        let size = closed ? row[3] as Int64? ?? 0 : logs.size(BuildID(row[0]), name: name)
        self.init(name: name, step: row[2], size: size, sha256: row[4], closed: closed)
    }
}
