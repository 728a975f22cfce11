import Crypto
import Domain
import Foundation
import HTTPDoor
import Wire

/// Reads the files of a directory source. Pure.
struct DirectoryChanges: Sendable {
    let source: DirectoryConfiguration
    let project: String

    /// They are one transaction.
    private static let most = 1000

    /// The changes of a file, in its order; none when no mapping means it.
    func read(_ file: DropDirectory.File) throws(MappingProblem) -> [NewChange] {
        guard let mappings = source.mappings else { return try submitted(file) }
        let body = Data(file.bytes)
        return try MappedChanges(source: source.name, project: project, mappings: mappings).make(
            MappedMessage(body: try MappedChanges.document(body), id: file.name), identity: .content(from: Self.origin(file), body: body)) ?? []
    }

    /// One change, or a list of them, each as it would be submitted.
    private func submitted(_ file: DropDirectory.File) throws(MappingProblem) -> [NewChange] {
        let submissions: [ChangeSubmission]
        do {
            let data = Data(file.bytes)
            let isList = data.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "[")
            submissions = isList ? try Self.list(data) : [try ChangeSubmission(json: data)]
        } catch {
            throw MappingProblem((error as? Problem)?.detail ?? "it holds no change as POST /api/v1/changes takes it")
        }
        guard (1...Self.most).contains(submissions.count) else {
            throw MappingProblem("it holds \(submissions.count) changes, expected 1 to \(Self.most)")
        }
        let identity = "file:" + Hexadecimal.text(SHA256.hash(data: Data(Self.origin(file).utf8) + file.bytes))
        var changes: [NewChange] = []
        for (place, submission) in submissions.enumerated() {
            guard submission.source == nil || submission.source == source.name else {
                throw MappingProblem("change \(place + 1): /source: found another, expected none: what is dropped here comes from \(source.name)")
            }
            var change = NewChange(submission)
            change.source = source.name
            if change.dedupeKey == nil { change.dedupeKey = "\(identity):\(place)" }
            changes.append(change)
        }
        if let fault = ChangeBounds.fault(in: changes) { throw MappingProblem(fault) }
        return changes
    }

    /// What tells a file from another of the same content: it stays the same wherever the file is moved.
    private static func origin(_ file: DropDirectory.File) -> String { "\(file.name.utf8.count):\(file.name)\(file.written)" }

    /// Each element is checked as it would be by itself.
    private static func list(_ data: Data) throws -> [ChangeSubmission] {
        try JSONDecoder().decode([JSONValue].self, from: data).map { try ChangeSubmission(json: try JSONEncoder().encode($0)) }
    }
}
