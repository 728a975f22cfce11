import Crypto
import Domain
import Foundation
import HTTPDoor
import Logging
import Storage
import Synchronization

/// One look at a list in JSON: the items that are new, and their changes with the new position in one transaction.
final class JSONLook: SourceLook {
    private struct Memory {
        var position: JSONPosition?
        var text: String?
        var isLoaded = false
    }

    private let source: JSONPollConfiguration
    private let ties: SourceTies
    private let changes: MappedChanges
    private let fetch: JSONFetch
    /// Of what an answer is read with.
    private let reading: String
    private let store: any ChangeStore & SourceStore
    private let logger: Logger
    private let memory = Mutex(Memory())

    init(source: JSONPollConfiguration, ties: SourceTies, store: any ChangeStore & SourceStore, logger: Logger) {
        self.source = source
        self.ties = ties
        self.store = store
        self.logger = logger
        changes = MappedChanges(source: source.name, project: ties.project, mappings: source.mappings)
        fetch = JSONFetch(url: source.url, header: source.header, credential: source.credential, timeout: source.timeout)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let mappings = (try? encoder.encode(source.mappings)) ?? Data()
        reading = Hexadecimal.text(SHA256.hash(data: Data(source.url.utf8) + [0] + Data(source.newest.rawValue.utf8) + mappings).prefix(8))
    }

    func forget() { memory.withLock { $0.isLoaded = false } }

    func look() async throws -> SourcePoll.Outcome {
        if !memory.withLock({ $0.isLoaded }) {
            let text = try await store.sourceState(source.name).position
            let position = try text.map { try JSONPosition(text: $0) }
            memory.withLock { $0 = Memory(position: position, text: text, isLoaded: true) }
        }
        let (position, text) = memory.withLock { ($0.position, $0.text) }
        // Read otherwise now, the same document may say something else.
        let known = position.flatMap { $0.reading == reading ? $0.validators : nil } ?? JSONValidators()
        guard case .document(let body, let validators) = try await fetch.get(known) else { return SourcePoll.Outcome() }
        let (items, complaint) = try read(body)
        var (news, next, isGap) = (position ?? JSONPosition(reading: reading)).step(items, reading: reading, first: position == nil)
        // A document with something wrong in it is read again until that is mended.
        next.validators = complaint == nil ? validators : JSONValidators()
        if isGap {
            logger.warning(
                "nothing of what a source lists was there at the last look: what came and went in between is no change",
                metadata: ["source": "\(source.name)", "items": "\(items.count)"])
        }
        guard next != position else { return SourcePoll.Outcome(complaint: complaint) }
        let advanced = try next.text()
        let receipts = try await store.accept(ties.told(news), advancing: SourceAdvance(source: source.name, from: text, to: advanced))
        memory.withLock {
            $0.position = next
            $0.text = advanced
        }
        return SourcePoll.Outcome(accepted: receipts.filter(\.created).count, complaint: complaint)
    }

    /// The items, oldest first, and what is wrong with those that make no sense.
    private func read(_ body: Data) throws -> (items: [NewChange], complaint: String?) {
        let made: [Result<NewChange, MappingProblem>]?
        do {
            made = try changes.makeEach(MappedMessage(body: try MappedChanges.document(body)))
        } catch {
            throw JSONFailure("what \(JSONFetch.shown(source.url)) answers makes no sense: \(error.description)")
        }
        guard let made else { return ([], nil) }
        var items: [NewChange] = []
        var problems: [String] = []
        for (place, one) in made.enumerated() {
            switch one {
            case .success(let change): items.append(change)
            case .failure(let problem): problems.append("item \(place + 1) of \(made.count): \(problem.description)")
            }
        }
        if source.newest == .first { items.reverse() }
        guard let first = problems.first else { return (items, nil) }
        let rest = problems.count == 1 ? "it is left out" : "this and \(problems.count - 1) more are left out"
        return (items, JSONFailure("\(first); \(rest), the others are taken").description)
    }
}
