import Domain
import Foundation

/// A credential of the worker, made ready for git: it is read from files that only the worker's user can read, and stands in no URL, no argument,
/// no environment and no log.
struct GitCredential: Sendable {
    struct Unusable: Error, Hashable {
        var problem: String
    }

    /// What git is told in its environment: where to ask, never the answer.
    let environment: [String: String]
    /// What may not show in the step's log.
    let secrets: [String]
    /// The file that tells hg the same; nobody but the worker's user can read it.
    var mercurialFile: String { directory + "/hgrc" }
    private let directory: String

    private static let askpass = """
        #!/bin/sh
        # Answers git's questions, for the one origin that the credential is for.
        case "$1" in
        "Username for '$DOORBELL_ASKPASS_ORIGIN'"*) exec cat "$DOORBELL_ASKPASS/username" ;;
        "Password for '"*"@$DOORBELL_ASKPASS_HOST'"*) exec cat "$DOORBELL_ASKPASS/password" ;;
        esac
        echo "the step's credential is not for this: $1" >&2
        exit 1

        """

    /// A user name that hosting services take beside a token.
    private static let tokenUser = "x-access-token"

    /// Blocks. `parent` is a directory of the worker; `own` is its environment.
    init(_ reference: CredentialReference, for address: RepositoryAddress, parent: String, own: [String: String]) throws {
        let secret = try Self.read(reference, own: own)
        directory = parent + "/" + RandomText.make(bytes: 8)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            (environment, secrets) = try Self.prepare(secret, reference, address, directory)
        } catch {
            try? FileManager.default.removeItem(atPath: directory)
            throw error
        }
    }

    /// Removes what was written. Blocks.
    func remove() {
        // What cannot be removed now is, with the whole directory, at the worker's next start.
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func read(_ reference: CredentialReference, own: [String: String]) throws -> String {
        switch reference {
        case .environment(let name):
            guard let value = own[name], !value.isEmpty else {
                throw Unusable(problem: "the credential is looked for in the worker's variable \(name), which is not set")
            }
            return value
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Unusable(problem: "the credential file \(path) cannot be read by the worker")
            }
            let text = String(decoding: data, as: UTF8.self)
            guard !text.allSatisfy(\.isWhitespace) else { throw Unusable(problem: "the credential file \(path) is empty") }
            return text
        }
    }

    private static func prepare(
        _ secret: String, _ reference: CredentialReference, _ address: RepositoryAddress, _ directory: String
    ) throws -> ([String: String], [String]) {
        if address.transport == .ssh {
            let key = directory + "/key"
            try write(secret.hasSuffix("\n") ? secret : secret + "\n", to: key, mode: 0o600)
            try write("[ui]\nssh = ssh -i \(quoted(key)) -o IdentitiesOnly=yes -o BatchMode=yes\n", to: directory + "/hgrc", mode: 0o600)
            return (["GIT_SSH_COMMAND": "ssh -i \(quoted(key)) -o IdentitiesOnly=yes -o BatchMode=yes"], [])
        }
        guard let origin = address.origin else {
            throw Unusable(problem: "a credential is of no use for \(address.transport.rawValue) repositories")
        }
        let line = secret.split(whereSeparator: \.isNewline).first.map(String.init)?.trimmingCharacters(in: .whitespaces) ?? ""
        let colon = line.firstIndex(of: ":")
        let user = colon.map { String(line[..<$0]) } ?? address.user ?? tokenUser
        let password = colon.map { String(line[line.index(after: $0)...]) } ?? line
        guard !password.isEmpty else { throw Unusable(problem: "the credential has no password; expected a token or user:password") }
        try write(user + "\n", to: directory + "/username", mode: 0o600)
        try write(password + "\n", to: directory + "/password", mode: 0o600)
        try write(askpass, to: directory + "/askpass", mode: 0o700)
        try write(MercurialRedirects.program, to: directory + "/redirects.py", mode: 0o600)
        try write(
            MercurialRedirects.configuration(directory + "/redirects.py").joined(separator: "\n")
                + "\n[auth]\ndoorbell.prefix = \(origin)\ndoorbell.username = \(user)\ndoorbell.password = \(password)\n", to: directory + "/hgrc",
            mode: 0o600)
        let host = origin.components(separatedBy: "://").last ?? origin
        let asked = address.user.map { "\(address.transport.rawValue)://\($0)@\(host)" } ?? origin
        return (
            [
                "GIT_ASKPASS": directory + "/askpass", "DOORBELL_ASKPASS": directory, "DOORBELL_ASKPASS_ORIGIN": asked,
                "DOORBELL_ASKPASS_HOST": host,
            ], [password]
        )
    }

    private static func write(_ text: String, to path: String, mode: mode_t) throws {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw Unusable(problem: "the worker cannot write \(path): \(StepVerdict.errorText(errno))") }
        defer { close(file) }
        guard Foundation.write(file, bytes, bytes.count) == bytes.count else {
            throw Unusable(problem: "the worker cannot write \(path): \(StepVerdict.errorText(errno))")
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
