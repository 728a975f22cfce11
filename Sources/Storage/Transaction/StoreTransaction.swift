import Domain

/// One write transaction of a store, as the rules that all stores share see it: the moment it happens at, the rows it reads and writes, and the events that it
/// leaves. Each store says the statements in its own dialect; what is decided, and in which order, stands in the extensions of this protocol, once.
///
/// Locks are taken in one order (buildset, request, build, each by ascending id): stores with several writers lock rows where these methods say so.
package protocol StoreTransaction: AnyObject {
    /// When it began; where the clock is the database's, asking may begin it.
    var now: Timestamp { get throws }
    var deployment: String { get }
    /// What `emit` left; see `insertEvents`.
    var events: [PendingEvent] { get set }
    /// What it learned about buildsets; see `context(of:)`.
    var contexts: [BuildsetID: BuildsetContext] { get set }
    var sharedContexts: BuildsetContextCache { get }
    var recipes: RecipeCache { get }

    /// The configuration in force, as this transaction sees it; nil before the first was applied.
    func currentConfiguration() throws -> AppliedConfiguration?
    /// The newest configuration that this process has seen, without asking: good enough to decide whom to ring.
    var seenConfiguration: AppliedConfiguration? { get }
    func configuration(numbered id: ConfigurationID) throws -> AppliedConfiguration?

    /// Remembers that somebody waits for the ends of these buildsets.
    func expectEnds(of buildsets: [BuildsetID]) throws

    /// Puts on record who does what this transaction does.
    func write(_ note: AuditNote, target: AuditTarget) throws

    // Events
    /// Raises the versions of these entities by these numbers; gives the new version of each that is there.
    func raiseVersions(of kind: EntityKind, by counts: [(id: Int64, count: Int64)]) throws -> [Int64: Int64]
    func insert(_ events: [OutboxRow]) throws

    // Buildsets and requests
    func readContext(of buildset: BuildsetID) throws -> BuildsetContext?
    /// Writes buildsets, their stamps and their changes, numbered in the order given. Nil in place of each whose scheduler and trigger made one before.
    func insert(_ buildsets: [BuildsetDraft]) throws -> [BuildsetID?]
    /// Writes requests in their first phase, numbered in the order given; `version` is 1.
    func insert(_ requests: [NewRequest]) throws -> [RequestID]
    /// The number of the class (builder, labels), made when it is new.
    func matchClass(of builder: Builder) throws -> Int64
    /// Ends requests that have not ended; gives those that it ended.
    func finishRequests(_ ends: [RequestEnd]) throws -> [FinishedRequest]
    /// Takes these numbers from the open requests of buildsets; gives how many are left of each.
    func countDown(_ closed: [BuildsetID: Int64]) throws -> [BuildsetID: Int]
    /// Builder and outcome of every request of these buildsets, oldest first.
    func requestOutcomes(of buildsets: [BuildsetID]) throws -> [(buildset: BuildsetID, builder: String, outcome: Outcome?)]
    /// Every request of these buildsets and what it needs, oldest first.
    func needs(of buildsets: [BuildsetID]) throws -> [(buildset: BuildsetID, node: NeedsGraph.Node)]
    /// Moves requests that wait to `pending`; gives those that it moved.
    func release(_ requests: [RequestID]) throws -> [FinishedRequest]
    /// Ends buildsets that have not ended; gives how many.
    func writeEnds(_ ends: [BuildsetEnd]) throws -> Int
    func writeTrials(_ trials: [RequestTrial]) throws

    // Builds
    /// These builds, those that exist; those in `ending` will be ended, so the buildsets and requests that they answer are locked before them.
    func builds(_ ids: [BuildID], ending: [BuildID]) throws -> [BuildID: OpenBuild]
    /// The requests that these builds answer beside their own and that have not ended, by number; locked, where several processes write, by `builds`.
    func riders(of builds: [BuildID]) throws -> [Rider]
    func writeEnds(_ endings: [BuildEnding]) throws -> Int
    /// Ends the running steps of these builds with them; gives the steps, with no builder named.
    func closeSteps(of builds: [BuildID]) throws -> [StepFact]
    /// The open logs of these builds, and the size of each.
    func openLogs(of builds: [BuildID]) throws -> [OpenLog]
    func writeLogs(_ closed: [ClosedLog]) throws
    func forgetKeys(of builds: [BuildID]) throws
    /// Nobody may append to these builds' logs any more; called before they are measured.
    func revokeLogs(of builds: [BuildID])

    // Reports
    func stepPhases(of builds: [BuildID]) throws -> [StepBook.Place: StepPhase]
    func knownKeys(_ asked: [ReportKey]) throws -> Set<ReportKey>
    func writeReports(accepted: [BuildID], renewed: [BuildID], steps: [StepFact], keys: [ReportKey]) throws

    // Results
    /// Keeps results, each in place of an older one of its key, and drops some of those that are too old.
    func keepResults(_ results: [BuildResult], droppingBefore oldest: Timestamp) throws
    /// The newest result under each of these keys that has one.
    func results(_ keys: [String]) throws -> [String: BuildResult]

    // Matching
    /// Claims these requests, those that are still pending, and makes a build of each; `version` of both is set for one event. The pending requests that ask
    /// for the same as one of these are claimed with it, up to `ClaimedRider.most`, and have no build of their own; another process may hold some back.
    func claim(_ claims: [Claim], configuration: ConfigurationID) throws -> (builds: [ClaimedBuild], riders: [ClaimedRider])
}

extension StoreTransaction {
    /// The unchanging part of a buildset; from memory when a recent transaction asked for it.
    package func context(of buildset: BuildsetID) throws -> BuildsetContext {
        if let known = contexts[buildset] ?? sharedContexts.value(buildset) { return known }
        guard let context = try readContext(of: buildset) else { throw StoreError.notFound("there is no buildset \(buildset)") }
        remember(context)
        return context
    }

    /// Keeps a context for this transaction, and for later ones if it commits.
    package func remember(_ context: BuildsetContext) {
        contexts[context.id] = context
    }

    /// The recipe of a builder as the configuration with this number had it.
    package func builder(_ name: String, _ id: ConfigurationID) throws -> Builder {
        let configuration = try recipes.configuration(id) { try self.configuration(numbered: id)?.configuration }
        guard let configuration else { throw StoreError.internalError("configuration \(id), which a build names, is not there") }
        guard let builder = configuration.builder(named: name) else {
            throw StoreError.internalError("configuration \(id) has no builder \(name), which a build of it runs")
        }
        return builder
    }
}
