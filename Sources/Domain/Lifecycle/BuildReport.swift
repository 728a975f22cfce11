/// What a worker says about one of its builds. Every report carries the fence it holds, and a key that makes a repeat recognisable.
public struct BuildReport: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        case accept
        /// Nothing new: the lease is renewed.
        case renew
        case stepStarted(StepStart)
        case stepFinished(StepEnd)
        case finish(BuildEnd)
    }

    /// Unique within the build; a repeat with the same key gets the first answer.
    public var key: String
    public var build: BuildID
    public var session: SessionID
    public var fence: Fence
    public var content: Content

    public init(key: String, build: BuildID, session: SessionID, fence: Fence, content: Content) {
        self.key = key
        self.build = build
        self.session = session
        self.fence = fence
        self.content = content
    }
}

public struct StepStart: Hashable, Sendable, Codable {
    /// Place in the recipe, from 1.
    public var number: Int
    /// Counts the retries of this step, from 1.
    public var attempt: Int

    public init(number: Int, attempt: Int = 1) {
        self.number = number
        self.attempt = attempt
    }
}

public struct StepEnd: Hashable, Sendable, Codable {
    public var number: Int
    public var attempt: Int
    public var outcome: Outcome
    public var cause: Cause?
    public var exitStatus: Int32?
    public var signal: Int32?
    public var durationMilliseconds: Int64
    /// One line for people.
    public var text: String

    private enum CodingKeys: String, CodingKey {
        case number, attempt, outcome, cause, signal, text
        case exitStatus = "exit_status"
        case durationMilliseconds = "duration_ms"
    }

    public init(
        number: Int, attempt: Int = 1, outcome: Outcome, cause: Cause? = nil, exitStatus: Int32? = nil, signal: Int32? = nil,
        durationMilliseconds: Int64, text: String = ""
    ) {
        self.number = number
        self.attempt = attempt
        self.outcome = outcome
        self.cause = cause
        self.exitStatus = exitStatus
        self.signal = signal
        self.durationMilliseconds = durationMilliseconds
        self.text = text
    }
}

public struct BuildEnd: Hashable, Sendable, Codable {
    public var outcome: Outcome
    public var cause: Cause?
    public var text: String
    /// Every log of the build as the worker wrote it; the server seals each when it has exactly these bytes.
    public var logs: [LogDeclaration]

    public init(outcome: Outcome, cause: Cause? = nil, text: String = "", logs: [LogDeclaration] = []) {
        self.outcome = outcome
        self.cause = cause
        self.text = text
        self.logs = logs
    }
}

public struct LogDeclaration: Hashable, Sendable, Codable {
    /// `<step number>-<step name>` made safe for a path; unique within the build.
    public var name: String
    /// The step that wrote it.
    public var step: Int
    public var size: Int64
    /// SHA-256 in hexadecimal.
    public var sha256: String

    public init(name: String, step: Int, size: Int64, sha256: String) {
        self.name = name
        self.step = step
        self.size = size
        self.sha256 = sha256
    }
}
