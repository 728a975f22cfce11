/// When a rule fires by the clock, and what it builds.
public struct Schedule: Hashable, Sendable, Codable {
    public enum Timing: Hashable, Sendable, Codable {
        case cron(CronExpression, zone: String)
        case every(Duration)
    }

    /// What happens to the times that nobody was there for.
    public enum Missed: String, Sendable, Codable, CaseIterable {
        /// They are made up for, all of them by one.
        case once
        case skip
    }

    public var timing: Timing
    /// The newest change on this branch is built.
    public var branch: String
    /// Of this repository; nil: of whichever has it.
    public var repository: String?
    /// Nothing is built when the newest change is that of the last time.
    public var onlyIfChanged: Bool
    public var missed: Missed

    public init(timing: Timing, branch: String = "main", repository: String? = nil, onlyIfChanged: Bool = false, missed: Missed = .once) {
        self.timing = timing
        self.branch = branch
        self.repository = repository
        self.onlyIfChanged = onlyIfChanged
        self.missed = missed
    }

    /// A time that is not taken within this is missed.
    public static let grace: Duration = .seconds(60)

    /// What the next time is computed from, as text: another one is a new schedule, which begins anew.
    public var key: String {
        switch timing {
        case .cron(let expression, let zone): "cron \(zone) \(expression.text)"
        case .every(let duration): "every \(duration.microseconds)"
        }
    }

    /// The first time after a moment.
    ///
    /// - Parameter due: the time before, from which regular ones are counted, so that no delay adds up.
    /// Nil for what no time zone matters to.
    public var zoneName: String? {
        if case .cron(_, let zone) = timing { zone } else { nil }
    }

    public func next(after moment: Timestamp, from due: Timestamp? = nil, zone: (String) -> ZoneRule?) -> Timestamp? {
        switch timing {
        case .every(let duration):
            let period = max(1, duration.microseconds)
            let start = due ?? moment
            let passed = max(0, moment.since(start).microseconds) / period
            return start.advanced(by: .microseconds((passed + 1) * period))
        case .cron(let expression, let name):
            return zone(name).flatMap { expression.next(after: moment, in: $0) }
        }
    }
}
