import ArgumentParser
import Foundation
import Runtime

/// `doorbell events replay`: what one consumer missed.
struct EventsReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Publish kept events once more, to one queue alone.",
        discussion: """
            For a consumer that lost events or begins late: they come with the ids that they had, and nobody else notices. Works on the database and the \
            broker themselves (DOORBELL_DATABASE_URL, DOORBELL_AMQP_URL). Exit status 1: the queue refused some, or the broker went away.
            """)
    @Option(help: "From where: a cursor, how long ago (2h), or a time (2026-03-01T12:00:00Z).") var since: String
    @Option(help: "The queue; it has to exist.") var queue: String
    @Flag(help: "JSON for programs.") var json = false

    func run() async throws {
        let settings = try Failures.settings(dataDirectory: nil, listen: nil)
        let outcome = try await Failures.translating { try await EventReplay(settings).run(since: since, queue: queue) }
        StandardOutput.write(json ? try document(outcome) : line(outcome))
        if outcome.refused > 0 || outcome.interruption != nil { throw ExitCode(1) }
    }

    private func line(_ outcome: EventReplay.Outcome) -> String {
        var text = "\(outcome.published) events published to \(queue), up to \(outcome.cursor)\n"
        if let reason = outcome.reason { text += "\(outcome.refused) were refused: \(reason)\n" }
        if let interruption = outcome.interruption { text += "broken off: \(interruption); go on with --since \(outcome.cursor)\n" }
        return text
    }

    private func document(_ outcome: EventReplay.Outcome) throws -> String {
        struct Report: Encodable {
            var published, refused: Int
            var reason, interruption: String?
            var cursor: String
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let report = Report(
            published: outcome.published, refused: outcome.refused, reason: outcome.reason, interruption: outcome.interruption, cursor: outcome.cursor
        )
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}
