import Signals

/// The two ends of a bell: one object where there is one process, and two processes' ends where there are more.
public struct BellEnds: Sendable {
    public var ringing: any Doorbell
    public var hearing: any Doorbell

    public init(ringing: any Doorbell, hearing: any Doorbell) {
        self.ringing = ringing
        self.hearing = hearing
    }
}
