import Signals
import Testing

/// How the conformance suite gets a bell: two ends of it, which are one object where there is one process, and two processes' ends where there are more.
struct BellUnderTest: Sendable, CustomTestStringConvertible {
    struct Ends: Sendable {
        var ringing: any Doorbell
        var hearing: any Doorbell
    }

    var testDescription: String
    var make: @Sendable () async throws -> Ends

    /// Every bell there is.
    static let all = [
        BellUnderTest(testDescription: "local") {
            let bell = LocalBell()
            return Ends(ringing: bell, hearing: bell)
        }
    ]
}
