import Domain

/// Reports about any builds of one session, judged one by one.
public struct ReportBatch: Hashable, Sendable, Codable {
    public var reports: [ReportDocument]

    public init(reports: [ReportDocument]) {
        self.reports = reports
    }
}

/// One report. Exactly the field that `kind` names is present; `accept` and `renew` have none.
public struct ReportDocument: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable {
        case accept, renew
        case stepStarted = "step_started"
        case stepFinished = "step_finished"
        case finish
    }
    public var key: String
    public var build: BuildID
    public var fence: Fence
    public var kind: Kind
    public var stepStarted: StepStart?
    public var stepFinished: StepEnd?
    public var finish: BuildEnd?

    public init(
        key: String, build: BuildID, fence: Fence, kind: Kind, stepStarted: StepStart? = nil, stepFinished: StepEnd? = nil,
        finish: BuildEnd? = nil
    ) {
        self.key = key
        self.build = build
        self.fence = fence
        self.kind = kind
        self.stepStarted = stepStarted
        self.stepFinished = stepFinished
        self.finish = finish
    }

    private enum CodingKeys: String, CodingKey {
        case key, build, fence, kind, finish
        case stepStarted = "step_started"
        case stepFinished = "step_finished"
    }
}

public struct ReportBatchAnswer: Hashable, Sendable, Codable {
    /// In the order of the reports.
    public var answers: [ReportAnswerDocument]
    public var control: [ControlDocument]

    public init(answers: [ReportAnswerDocument], control: [ControlDocument]) {
        self.answers = answers
        self.control = control
    }
}

public struct ReportAnswerDocument: Hashable, Sendable, Codable {
    public var key: String
    /// 200 applied (or applied before), 404 no such build, 409 stale fence or logs not whole, 422 makes no sense.
    public var status: Int
    public var detail: String?
    /// With a 409 of `finish`: the logs that are not whole, and the sizes the server has. Send the rest, then finish again under the same key.
    public var incompleteLogs: [String: Int64]?

    public init(key: String, status: Int, detail: String? = nil, incompleteLogs: [String: Int64]? = nil) {
        self.key = key
        self.status = status
        self.detail = detail
        self.incompleteLogs = incompleteLogs
    }

    private enum CodingKeys: String, CodingKey {
        case key, status, detail
        case incompleteLogs = "incomplete_logs"
    }
}
