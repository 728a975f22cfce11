import Foundation
import Runtime
import Storage

/// Turns what the runtime throws into a line for people and an exit status.
enum Failures {
    static func settings(dataDirectory: String?, listen: String?, defaultPort: Int = Role.web.defaultPort) throws -> Settings {
        do {
            return try Settings(
                environment: ProcessInfo.processInfo.environment, dataDirectory: dataDirectory, listen: listen, defaultPort: defaultPort)
        } catch {
            throw CommandFailure(.configuration, error.description)
        }
    }

    static func translating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as SettingsError {
            throw CommandFailure(.configuration, error.description)
        } catch let problems as ConfigurationProblems {
            throw CommandFailure(.configuration, problems.description)
        } catch let error as StoreError {
            switch error {
            case .newerSchema, .configuration: throw CommandFailure(.configuration, error.description)
            case .unavailable, .inUse: throw CommandFailure(.unavailable, error.description)
            case .notFound, .conflict: throw CommandFailure(.data, error.description)
            case .internalError: throw CommandFailure(.internalError, error.description)
            }
        } catch let error as StartFailure {
            throw CommandFailure(error.isConfiguration ? .configuration : .unavailable, error.description)
        }
    }
}
