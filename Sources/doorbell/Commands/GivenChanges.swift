import Domain
import Foundation
import Wire

/// Changes that nobody recorded: a file of JSON with one, or a list of them, each as it would be submitted.
struct GivenChanges {
    /// A file of hundreds of changes is far smaller.
    private static let largest = 8 << 20

    /// Numbered from -1 down, in the order of the files, as accepted just now.
    let changes: [Change]

    /// - Parameter before: how many were given before.
    init(path: String, before: Int, now: Timestamp) throws {
        let submissions = try Self.submissions(path: path)
        changes = try submissions.enumerated().map { place, submission in
            let content = NewChange(submission)
            if let problem = content.problems.first {
                throw CommandFailure(.data, Table.printable("\(path): change \(place + 1): \(problem.pointer) \(problem.detail)"))
            }
            let number = before + place + 1
            return Change(
                id: ChangeID(Int64(-number)), chain: ChainID.random(), accepted: now.advanced(by: .microseconds(number)), content: content)
        }
    }

    private static func submissions(path: String) throws -> [ChangeSubmission] {
        guard let file = FileHandle(forReadingAtPath: path), let data = try file.read(upToCount: largest + 1) else {
            throw CommandFailure(.usage, Table.printable("--change: expected the number of a change, or a file of JSON, found \(path)"))
        }
        guard data.count <= largest else { throw CommandFailure(.data, Table.printable("\(path) is larger than \(largest) bytes")) }
        do {
            let isList = data.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "[")
            return isList
                ? try JSONDecoder().decode([ChangeSubmission].self, from: data) : [try JSONDecoder().decode(ChangeSubmission.self, from: data)]
        } catch {
            throw CommandFailure(
                .data, Table.printable("\(path) holds no change as POST /api/v1/changes takes it: \(Self.reason(error as? DecodingError))"))
        }
    }

    private static func reason(_ error: DecodingError?) -> String {
        switch error {
        case .keyNotFound(let key, let context): return "\(pointer(context.codingPath))/\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): return "\(pointer(context.codingPath)) is of another kind"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty: return "\(pointer(context.codingPath)): \(context.debugDescription)"
        default: return "it is not JSON"
        }
    }

    private static func pointer(_ path: [any CodingKey]) -> String {
        path.map { "/" + ($0.intValue.map(String.init) ?? $0.stringValue) }.joined()
    }
}
