import ArgumentParser
import Foundation

/// `doorbell cancel REQUEST` or `--build BUILD`: asks for the end.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a request: at once when it waits, when its worker has stopped when it runs.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The request's number, or the build's with --build.") var id: Int64
    @Flag(help: "The number is a build's.") var build = false
    @Option(help: "Why, for those who look at it.") var reason: String?

    func run() async throws {
        let path = build ? "/api/v1/builds/\(id)/cancel" : "/api/v1/requests/\(id)/cancel"
        try await client.client().ask(path, body: ["reason": reason ?? "by hand"], json: client.json) { answer in
            answer["phase"].text == "finished" ? "it has ended\n" : "its worker has been told to stop\n"
        }
    }
}

/// `doorbell rebuild BUILD`: the same builder at the same revision again.
struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rebuild", abstract: "Build the same builder at the same revision again.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The build's number.") var build: Int64
    @Option(help: "Why, for those who look at the build.") var reason: String?

    func run() async throws {
        let body = reason.map { ["reason": $0] } ?? [:]
        try await client.client().ask("/api/v1/builds/\(build)/rebuild", body: body, idempotencyKey: UUID().uuidString, json: client.json) { answer in
            "buildset \(answer["buildset"].text), request \(answer["request"].text)\n"
        }
    }
}
