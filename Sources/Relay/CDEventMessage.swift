import Domain
import Foundation
import Signals
import Storage

/// An event as one of CDEvents 0.5.1 (https://cdevents.dev): for tools that know those and not ours. Each event of ours is exactly one.
///
/// A buildset is their pipeline run, a step their task run, a build their build; what they have no word for is a custom event,
/// `dev.cdeventsx.doorbell-ENTITY.VERB.0.1.0`. The data of the event of ours is their `customData`, so nothing is lost.
struct CDEventMessage {
    private static let specification = "0.5.1"
    private static let customVersion = "0.1.0"
    private static let customSchema = "https://cdevents.dev/\(specification)/schema/custom"

    private let source: String

    init(deployment: String) {
        source = "urn:uuid:\(deployment)"
    }

    func message(_ record: EventRecord) throws -> OutgoingEvent {
        let facts = try JSONDecoder().decode(Facts.self, from: Data(record.data.utf8))
        let chain = try JSONDecoder().decode(EventChain.self, from: Data(record.chain.utf8))
        let (name, content) = projected(record, facts, chain)
        let type = name.type
        // One deployment's events of both kinds are told apart by their ids.
        let id = "\(record.messageID)-cd"
        let document = Document(
            context: .init(
                specversion: Self.specification, id: id, source: source, type: type, timestamp: record.occurred.description,
                schemaUri: name.isCustom ? nil : "https://cdevents.dev/\(Self.specification)/schema/\(name.subject)-\(name.predicate)-event",
                chainId: chain.id),
            subject: .init(id: "\(record.entity.rawValue)/\(subjectID(record, facts))", source: source, content: content))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var body = [UInt8](try encoder.encode(document))
        body.removeLast()
        body += Array(#","customData":\#(record.data)}"#.utf8)
        return OutgoingEvent(
            exchange: .cdevents, routingKey: key(record, name), messageID: id, type: type,
            timestamp: UInt64(max(0, record.occurred.microseconds / 1_000_000)), correlationID: chain.id,
            headers: [
                .init("cloudEvents_specversion", "1.0"), .init("cloudEvents_id", id), .init("cloudEvents_source", source),
                .init("cloudEvents_type", type), .init("cloudEvents_subject", document.subject.id),
                .init("cloudEvents_time", document.context.timestamp),
                .init("cloudEvents_dataschema", document.context.schemaUri ?? Self.customSchema),
            ], body: body)
    }

    /// A step is named in its build: `build` is the entity that its events are of.
    private func subjectID(_ record: EventRecord, _ facts: Facts) -> String {
        switch record.kind {
        case .stepStarted, .stepFinished: "\(record.entityID)/step/\(facts.number ?? 0)"
        default: String(record.entityID)
        }
    }

    /// The words of our routing key, of which the first two are theirs.
    private func key(_ record: EventRecord, _ name: Name) -> String {
        let rest = record.routingKey.split(separator: ".", omittingEmptySubsequences: false).dropFirst(2)
        return (["\(name.isCustom ? "doorbell-" : "")\(name.subject)", name.predicate] + rest.map(String.init)).joined(separator: ".")
    }

    private func projected(_ record: EventRecord, _ facts: Facts, _ chain: EventChain) -> (Name, Content) {
        var content = Content()
        switch record.kind {
        case .changeReceived:
            if let repository = facts.repository, !repository.isEmpty { content.repository = .init(id: repository) }
            // A pull request that comes, or comes again, is not merged yet.
            return (Name("change", facts.category == PullProperty.category ? "updated" : "merged"), content)
        case .buildsetCreated, .buildsetFinished:
            content.pipelineName = facts.scheduler
            content.outcome = record.kind == .buildsetFinished ? Self.outcome(facts.outcome) : nil
            return (Name("pipelinerun", record.kind == .buildsetFinished ? "finished" : "queued"), content)
        case .buildAssigned: return (Name("build", "queued"), content)
        case .buildStarted: return (Name("build", "started"), content)
        case .buildFinished: return (Name("build", "finished"), content)
        case .stepStarted, .stepFinished:
            content.taskName = facts.name
            content.pipelineRun = chain.buildset.map { .init(id: "buildset/\($0)") }
            if record.kind == .stepFinished {
                content.outcome = Self.outcome(facts.outcome)
                content.errors = content.outcome == "success" || facts.text?.isEmpty ?? true ? nil : facts.text
            }
            return (Name("taskrun", record.kind == .stepFinished ? "finished" : "started"), content)
        default:
            let words = record.kind.rawValue.split(separator: ".")
            return (Name(custom: String(words[0]), words.count > 1 ? String(words[1]) : ""), content)
        }
    }

    /// Their words for how something ended.
    private static func outcome(_ outcome: Outcome?) -> String {
        switch outcome {
        case .success, .warnings: "success"
        case .failure: "failure"
        case .cancelled, .skipped: "cancel"
        case .exception, nil: "error"
        }
    }

    private struct Name {
        var subject: String
        var predicate: String
        var isCustom = false

        init(_ subject: String, _ predicate: String) {
            self.subject = subject
            self.predicate = predicate
        }

        init(custom subject: String, _ predicate: String) {
            self.init(subject, predicate)
            isCustom = true
        }

        var type: String {
            // All the events that are used here have this version in 0.5.1.
            isCustom
                ? "dev.cdeventsx.doorbell-\(subject).\(predicate).\(CDEventMessage.customVersion)" : "dev.cdevents.\(subject).\(predicate).0.3.0"
        }
    }

    /// What is needed of the data of our events.
    private struct Facts: Decodable {
        var repository, category, scheduler, name, text: String?
        var number: Int64?
        var outcome: Outcome?
    }

    private struct EventChain: Decodable {
        var id: String?
        var buildset: Int64?
    }

    private struct Reference: Encodable { var id: String }

    private struct Content: Encodable {
        var repository: Reference?
        var pipelineName, taskName, outcome, errors: String?
        var pipelineRun: Reference?
    }

    private struct Document: Encodable {
        struct Context: Encodable {
            var specversion, id, source, type, timestamp: String
            var schemaUri, chainId: String?
        }

        struct Subject: Encodable {
            var id, source: String
            var content: Content
        }

        var context: Context
        var subject: Subject
        var customDataContentType = "application/json"
    }
}
