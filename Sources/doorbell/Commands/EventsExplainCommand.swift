import ArgumentParser
import Domain
import Foundation

/// `doorbell events explain KEY`: what a routing key says, and who gets an event of it.
struct EventsExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what a routing key means, and which consumers' keys match it.",
        discussion: """
            KEY is a routing key, as `doorbell events --json` and brokers show it, or a pattern with * and #: then it says which events can match. \
            Consumers are those that the configuration names in `consumers`.
            """)

    @OptionGroup var client: ClientOptions
    @Argument(help: "A routing key, such as build.finished.shop.main.test.mill.success.17, or a pattern.") var key: String

    func run() async throws {
        guard let explanation = KeyExplanation(key) else {
            throw CommandFailure(.usage, Table.printable("\(key) is no routing key: expected words between dots, 1 to \(TopicPattern.longest) bytes"))
        }
        let consumers = try await client.client().revision(nil).configuration.consumers
        StandardOutput.write(client.json ? try explanation.document(consumers) : explanation.text(consumers))
    }
}
