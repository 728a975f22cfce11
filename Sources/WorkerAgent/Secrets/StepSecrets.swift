import Domain
import Foundation
import Wire

/// Gets the secrets of a step from a dispatcher, and has them ready for its command: in memory, and in files for those that the step wants as files.
struct StepSecrets: Sendable {
    /// The number of the step, and its attempt.
    typealias Call = @Sendable (Int, Int) async throws(DispatcherError) -> SecretsAnswer

    /// Why the step cannot run; it ends so.
    struct Refusal: Error {
        var outcome: Outcome
        var cause: Cause
        var text: String
    }

    let variables: [String: String]
    /// What may not show in a log.
    let values: [[UInt8]]
    private let directory: String?

    /// Asks until a dispatcher answers.
    static func fetch(_ call: Call, of step: StepRecipe, number: Int, attempt: Int, by patience: DispatcherPatience) async throws(Refusal)
        -> [String: [UInt8]]
    {
        let answer: SecretsAnswer
        do {
            answer = try await patience.ask { () async throws(DispatcherError) in try await call(number, attempt) }
        } catch {
            throw Refusal(outcome: error.outcome, cause: error.cause ?? .secret, text: error.text("its secrets"))
        }
        guard let secrets = answer.secrets else { throw Refusal(outcome: answer.outcome ?? .exception, cause: .secret, text: answer.text) }
        return try decoded(secrets, step)
    }

    private static func decoded(_ secrets: [String: String], _ step: StepRecipe) throws(Refusal) -> [String: [UInt8]] {
        var values: [String: [UInt8]] = [:]
        for (variable, text) in secrets {
            guard let use = step.secrets[variable], let data = Data(base64Encoded: text) else {
                throw Refusal(outcome: .exception, cause: .secret, text: "the dispatcher's answer for the variable \(variable) makes no sense")
            }
            guard use.form == .file || !data.contains(0) else {
                throw Refusal(
                    outcome: .exception, cause: .secret,
                    text: "the secret \(use.name) holds a zero byte, which no variable can: let the step have it as a file")
            }
            // A variable with other bytes than the secret has would be of no use, and no mask would know it.
            guard use.form == .file || String(validating: data, as: UTF8.self) != nil else {
                throw Refusal(
                    outcome: .exception, cause: .secret,
                    text: "the secret \(use.name) is no text in UTF-8, which variables are: let the step have it as a file")
            }
            values[variable] = Array(data)
        }
        return values
    }

    /// Blocks. `parent` is a directory of the worker that nobody else can read.
    init(_ secrets: [String: [UInt8]], of step: StepRecipe, parent: String) throws {
        var variables: [String: String] = [:]
        let isOnDisk = secrets.keys.contains { step.secrets[$0]?.form == .file }
        directory = isOnDisk ? parent + "/" + RandomText.make(bytes: 8) : nil
        if let directory {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        do {
            for (variable, value) in secrets {
                if let directory, step.secrets[variable]?.form == .file {
                    variables[variable] = directory + "/" + variable
                    try GitCredential.write(value, to: directory + "/" + variable, mode: 0o600)
                } else {
                    variables[variable] = Self.text(value)
                }
            }
        } catch {
            if let directory { try? FileManager.default.removeItem(atPath: directory) }
            throw error
        }
        (self.variables, values) = (variables, Array(secrets.values))
    }

    /// Removes the files. Blocks.
    func remove() {
        // What cannot be removed now is, with the whole directory, at the worker's next start.
        if let directory { try? FileManager.default.removeItem(atPath: directory) }
    }

    /// Without the end of the line, which editors put behind a secret.
    private static func text(_ value: [UInt8]) -> String {
        var value = value[...]
        if value.last == UInt8(ascii: "\n") { value.removeLast() }
        if value.last == UInt8(ascii: "\r") { value.removeLast() }
        return String(decoding: value, as: UTF8.self)
    }
}
