import ArgumentParser
import Foundation

/// Where the running Doorbell is, and how to print what it says: the options of every command for people.
struct ClientOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address of the running Doorbell (DOORBELL_URL; http://127.0.0.1:8010).", valueName: "address"))
    var url: String?

    @Option(help: ArgumentHelp("A file whose first line is your token (DOORBELL_TOKEN_FILE; else the token in DOORBELL_TOKEN).", valueName: "path"))
    var tokenFile: String?

    @Flag(help: "Print the API's JSON, for programs.")
    var json = false

    func client() throws -> APIClient {
        let text = url ?? ProcessInfo.processInfo.environment["DOORBELL_URL"] ?? "http://127.0.0.1:8010"
        guard let address = URL(string: text), let scheme = address.scheme, ["http", "https"].contains(scheme), address.host != nil else {
            throw CommandFailure(.usage, "the address of the server is not an http or https URL: \(text)")
        }
        guard address.user == nil, address.password == nil else {
            throw CommandFailure(.usage, "the server's URL holds a user or password: put the token in DOORBELL_TOKEN instead")
        }
        var base = text
        while base.hasSuffix("/") { base.removeLast() }
        return APIClient(base: base, token: try token())
    }

    /// From a file or the environment: what is written behind a command stands in the list of processes.
    private func token() throws -> String? {
        let environment = ProcessInfo.processInfo.environment
        if let path = tokenFile ?? environment["DOORBELL_TOKEN_FILE"].flatMap({ $0.isEmpty ? nil : $0 }) {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8), let line = text.split(whereSeparator: \.isNewline).first else {
                throw CommandFailure(.configuration, "there is no token in \(path): its first line is the token")
            }
            return String(line)
        }
        return environment["DOORBELL_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
    }
}
