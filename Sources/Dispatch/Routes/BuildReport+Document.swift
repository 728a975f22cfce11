import Domain
import Wire

extension BuildReport {
    /// Why a report is not handed to the store; its neighbours are.
    struct Malformed: Error, Hashable {
        var detail: String
    }

    private static let longestText = 2000
    private static let mostLogs = 1000
    private static let numbers = 1...100_000

    /// A worker's report in the domain's words, with everything checked that does not need the build.
    init(_ document: ReportDocument, session: SessionID) throws(Malformed) {
        guard SafeText.isToken(document.key, length: 1...100) else {
            throw Malformed(detail: "key: expected 1 to 100 printable characters without spaces")
        }
        self.init(
            key: document.key, build: document.build, session: session, fence: document.fence, content: try Self.content(of: document))
    }

    private static func content(of document: ReportDocument) throws(Malformed) -> Content {
        let present = [
            document.stepStarted != nil ? ReportDocument.Kind.stepStarted : nil, document.stepFinished != nil ? .stepFinished : nil,
            document.finish != nil ? .finish : nil,
        ].compactMap { $0 }
        let wanted: [ReportDocument.Kind] = document.kind == .accept || document.kind == .renew ? [] : [document.kind]
        guard present == wanted else {
            let found = present.map(\.rawValue).joined(separator: ", ")
            throw Malformed(
                detail: "\(document.kind.rawValue): expected \(wanted.first.map { "the field \($0.rawValue)" } ?? "no other field"), "
                    + "found \(found.isEmpty ? "none" : found)")
        }
        if let start = document.stepStarted { return .stepStarted(try checked(start)) }
        if let end = document.stepFinished { return .stepFinished(try checked(end)) }
        if let end = document.finish { return .finish(try checked(end)) }
        return document.kind == .accept ? .accept : .renew
    }

    private static func checked(_ start: StepStart) throws(Malformed) -> StepStart {
        guard numbers.contains(start.number), numbers.contains(start.attempt) else {
            throw Malformed(detail: "step_started: number and attempt count from 1")
        }
        return start
    }

    private static func checked(_ end: StepEnd) throws(Malformed) -> StepEnd {
        guard numbers.contains(end.number), numbers.contains(end.attempt), end.durationMilliseconds >= 0 else {
            throw Malformed(detail: "step_finished: number and attempt count from 1, and durations are not negative")
        }
        var end = end
        end.text = SafeText.cut(end.text, to: longestText)
        return end
    }

    private static func checked(_ end: BuildEnd) throws(Malformed) -> BuildEnd {
        guard end.logs.count <= mostLogs, Set(end.logs.map(\.name)).count == end.logs.count else {
            throw Malformed(detail: "finish: expected at most \(mostLogs) logs with different names")
        }
        for log in end.logs {
            guard SafeText.isName(log.name), numbers.contains(log.step), (0...ContentRange.largestOffset).contains(log.size),
                SafeText.isSHA256(log.sha256)
            else {
                throw Malformed(
                    detail: "finish: a log has a name, a step from 1, a size and a SHA-256 in lower-case hexadecimal; found another")
            }
        }
        var end = end
        end.text = SafeText.cut(end.text, to: longestText)
        return end
    }
}
