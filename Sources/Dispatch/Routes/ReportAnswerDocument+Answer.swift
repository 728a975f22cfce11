import Storage
import Wire

extension ReportAnswerDocument {
    init(key: String, _ answer: ReportAnswer) {
        switch answer.verdict {
        case .applied: self.init(key: key, status: 200)
        case .notFound: self.init(key: key, status: 404, detail: "this session has no such build")
        case .stale(let detail): self.init(key: key, status: 409, detail: detail)
        case .invalid(let detail): self.init(key: key, status: 422, detail: detail)
        case .logsIncomplete(let sizes):
            self.init(key: key, status: 409, detail: "the logs are not whole; send the rest, then finish again", incompleteLogs: sizes)
        }
    }
}
