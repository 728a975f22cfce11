import Domain

public protocol SchedulingStore: Sendable {
    /// The store's own clock, by which quiet times fire.
    func now() async throws -> Timestamp
    /// Claims up to `limit` unclassified changes in order of acceptance, asks the planner, and commits the plan: buildsets with their requests,
    /// quiet times, events. A trigger that already made a buildset makes no other. It decides by the configuration that its transaction finds in force,
    /// as does `fireQuietTimes`; the given planner counts only while there is none.
    func classify(limit: Int, planner: Planner) async throws -> SchedulingResult
    /// Fires the quiet times that are due and older than every unclassified change.
    func fireQuietTimes(limit: Int, planner: Planner) async throws -> SchedulingResult
    /// Fires the rules of the clock that are due, by the configuration in force. `zone` knows the time zones.
    func fireSchedules(zone: @escaping @Sendable (String) -> ZoneRule?) async throws -> SchedulingResult
    /// Follows the ends of up to `limit` buildsets that rules of the configuration in force wait for.
    func followEnds(limit: Int) async throws -> SchedulingResult
}

public struct SchedulingResult: Hashable, Sendable {
    /// Rows taken; equal to the limit when there may be more.
    public var taken: Int
    public var buildsets: [BuildsetID]
    /// When the next quiet time is due. After `classify` it may be in the past; after `fireQuietTimes` one that has to wait for a change to be
    /// classified does not count.
    public var nextDue: Timestamp?
    /// Rules of the clock that were due and had nothing to build, and why.
    public var unable: [String]
    /// Builds that a newer buildset made needless, and whose workers are to be told.
    public var superseded: [BuildCancel]

    public init(taken: Int, buildsets: [BuildsetID], nextDue: Timestamp? = nil, unable: [String] = [], superseded: [BuildCancel] = []) {
        self.taken = taken
        self.buildsets = buildsets
        self.nextDue = nextDue
        self.unable = unable
        self.superseded = superseded
    }
}
