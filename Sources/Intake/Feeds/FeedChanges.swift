import Domain
import Foundation
import Signals

/// Reads the messages of a feed. Pure.
struct FeedChanges: Sendable {
    private let ties: SourceTies
    private let changes: MappedChanges

    init(feed: FeedConfiguration, ties: SourceTies) {
        self.ties = ties
        changes = MappedChanges(source: feed.name, project: ties.project, mappings: feed.mappings)
    }

    /// The changes that a message makes, none when it is no concern of the source, or what is wrong with it.
    func read(_ message: FeedMessage) -> Result<[NewChange], MappingProblem> {
        Result { () throws(MappingProblem) in try changes(message) }
    }

    private func changes(_ message: FeedMessage) throws(MappingProblem) -> [NewChange] {
        guard message.isWhole else { throw MappingProblem("the message is too long: only its beginning was read, which is all that is kept of it") }
        let id = message.id.flatMap { $0.isEmpty ? nil : $0 }
        let body = Data(message.body)
        let mapped = MappedMessage(
            body: try MappedChanges.document(body), routingKey: message.routingKey, headers: message.headers, id: id)
        let origin = "\(message.exchange.utf8.count):\(message.exchange)\(message.routingKey)"
        return ties.told(try changes.make(mapped, identity: id.map { .name($0) } ?? .content(from: origin, body: body)) ?? [])
    }
}
