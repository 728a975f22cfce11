import Domain
import Foundation
import HTTPDoor
import Wire

/// Finds the secrets of sources: each line of a file, or an environment variable of this process. They are read at each use, so that a new one needs no restart.
struct HookSecrets: Sendable {
    /// - Throws: 503 when there is none: a source whose secret nobody knows believes nobody.
    func read(_ reference: CredentialReference, of source: String) throws -> [String] {
        let text: String?
        switch reference {
        case .file(let path): text = try? String(contentsOfFile: path, encoding: .utf8)
        case .environment(let name): text = ProcessInfo.processInfo.environment[name]
        }
        let secrets = (text ?? "").split(whereSeparator: \.isNewline).map(String.init)
        guard !secrets.isEmpty else {
            throw Problem.unavailable(
                "the secret of source \(source) is not here: give this process the file or variable that the configuration names")
        }
        return secrets
    }
}
