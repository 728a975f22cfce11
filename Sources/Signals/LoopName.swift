/// The loops that rings are for (DESIGN §2). The raw value is the spelling in logs, metrics and routing keys (`wake.<loop>`).
public enum LoopName: String, Sendable, Hashable, CaseIterable {
    case intakeSpool = "intake.spool"
    case intakePoll = "intake.poll"
    case intakeFeeds = "intake.feeds"
    case schedulingClassify = "scheduling.classify"
    case schedulingTimers = "scheduling.timers"
    case schedulingCompletions = "scheduling.completions"
    /// The configuration may have builders no more.
    case schedulingRemovals = "scheduling.removals"
    /// A request may have to begin by a moment that is nearer than any before.
    case schedulingDeadlines = "scheduling.deadlines"
    case dispatchMatch = "dispatch.match"
    case dispatchReports = "dispatch.reports"
    /// Builds whose end somebody asked for, wherever their workers are served.
    case dispatchCancels = "dispatch.cancels"
    /// What steps triggered may have ended, or their builds.
    case dispatchTriggers = "dispatch.triggers"
    /// The configuration in force may be another.
    case configuration
    /// Tokens were made or ended.
    case access
    /// Events may be read that could not be read before.
    case events
    case sweeper
    /// Events were written: a tick is due.
    case relay
    /// There is a tick to publish; rung within the relay only.
    case relayPublish = "relay.publish"
    /// Events are to be sent to subscribers, or one of them again.
    case outgoing
    case housekeeping
}
