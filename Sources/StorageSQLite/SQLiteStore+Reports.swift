import Domain
import GRDB
import Storage

extension SQLiteStore {
    public func apply(_ reports: [BuildReport]) async throws -> [ReportAnswer] {
        guard !reports.isEmpty else { return [] }
        // Files are read before the transaction, which everybody else waits for. Bytes that arrive between are not part of the log.
        let sealed = try await sealLogs(reports)
        let (answers, ended) = try await write("applying reports") { try $0.apply(reports, sealed: sealed) }
        await releaseLogs(ended)
        return answers
    }

    private func sealLogs(_ reports: [BuildReport]) async throws -> [BuildID: [String: SealedLog]] {
        var sealed: [BuildID: [String: SealedLog]] = [:]
        for report in reports {
            guard case .finish(let end) = report.content else { continue }
            for log in end.logs where sealed[report.build]?[log.name] == nil {
                sealed[report.build, default: [:]][log.name] = try await logs.seal(report.build, name: log.name)
            }
        }
        return sealed
    }
}
