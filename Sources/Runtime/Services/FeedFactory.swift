import Domain
import Foundation
import Intake
import Logging
import Signals
import SignalsAMQP

/// Makes the feeds of the configuration's sources.
struct FeedFactory: Sendable {
    /// The deployment's broker; nil without one.
    let own: AMQPSettings?
    let logger: Logger

    /// - Throws: what is missing on this machine: it may be there at the next try.
    @Sendable func make(_ feed: FeedConfiguration, judge: @escaping FeedIntake.Judge) throws -> any Feed {
        var deadLetters: String?
        if case .queue(let name) = feed.deadLetters { deadLetters = name }
        let queue = FeedQueue(
            exchange: feed.exchange, keys: feed.keys, queue: feed.queue, kind: feed.kind.rawValue, isPassive: feed.isPassive, prefetch: feed.prefetch,
            deadLetters: deadLetters)
        return try AMQPFeed(settings: try settings(feed), queue: queue, name: feed.name, logger: logger, judge: judge)
    }

    private func settings(_ feed: FeedConfiguration) throws -> AMQPSettings {
        guard let broker = feed.broker else {
            guard let own else {
                throw StartFailure("the source says \"amqp: own\", but DOORBELL_AMQP_URL names no broker here", isConfiguration: true)
            }
            return own
        }
        return try AMQPSettings(others: broker, user: try feed.credential.map { try user($0, of: feed.name) })
    }

    private func user(_ reference: CredentialReference, of source: String) throws -> (name: String, password: String) {
        let text: String?
        switch reference {
        case .file(let path): text = try? String(contentsOfFile: path, encoding: .utf8)
        case .environment(let name): text = ProcessInfo.processInfo.environment[name]
        }
        let words = text?.split(whereSeparator: \.isNewline).first?.split(separator: ":", maxSplits: 1).map(String.init) ?? []
        guard words.count == 2 else {
            throw StartFailure(
                "the credential of source \(source) is not here, or is not USER:PASSWORD: give this process the file or variable that the "
                    + "configuration names", isConfiguration: true)
        }
        return (words[0], words[1])
    }
}
