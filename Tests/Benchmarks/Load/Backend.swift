import Foundation
import ServerSupport

/// Where the state is while a benchmark runs.
enum Backend: Sendable {
    case sqlite
    case postgres

    var name: String {
        switch self {
        case .sqlite: "sqlite"
        case .postgres: "postgres"
        }
    }

    /// The environment that makes `doorbell up` use it; a database of its own for each call.
    func start() async throws -> @Sendable () async throws -> [String: String] {
        switch self {
        case .sqlite: return { [:] }
        case .postgres:
            let server = try await PrivatePostgres.shared()
            return { ["DOORBELL_DATABASE_URL": try await server.newDatabase()] }
        }
    }
}
