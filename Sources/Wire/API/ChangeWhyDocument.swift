import Domain

/// What each scheduler made of a change, and why.
public struct ChangeWhyDocument: Sendable, Encodable {
    public enum Verdict: String, Sendable, Encodable, CaseIterable {
        /// It started a buildset.
        case taken
        case waiting
        /// It starts nothing by itself.
        case ridesAlong = "rides_along"
        case ignored
    }

    public struct Scheduler: Sendable, Encodable {
        public var scheduler: String
        public var verdict: Verdict
        /// A sentence, for people.
        public var text: String
        public var buildsets: [BuildsetID]?

        public init(_ scheduler: String, _ verdict: Verdict, _ text: String, buildsets: [BuildsetID]? = nil) {
            self.scheduler = scheduler
            self.verdict = verdict
            self.text = text
            self.buildsets = buildsets
        }
    }

    public var change: ChangeID
    /// Whose rules were asked.
    public var configuration: ConfigurationID?
    public var schedulers: [Scheduler] = []
    /// What to know before one believes this.
    public var note: String?
    /// The sources that told of it, the first first; absent where one did.
    public var toldBy: [String]?

    private enum CodingKeys: String, CodingKey {
        case change, configuration, schedulers, note
        case toldBy = "told_by"
    }

    public init(change: ChangeID) {
        self.change = change
    }
}
