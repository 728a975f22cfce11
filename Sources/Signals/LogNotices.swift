/// Carries log notices to other processes, so that one may follow a log whose bytes another receives.
public protocol LogNotices: Sendable {
    /// Returns at once and fails never; notices of one log are merged when they come too fast.
    func publish(_ notice: LogNotice)
    /// Calls `heard` for each notice of another process until the subscription is cancelled; `heard` must return at once.
    func listen(_ heard: @escaping @Sendable (LogNotice) -> Void) -> BellSubscription
}
