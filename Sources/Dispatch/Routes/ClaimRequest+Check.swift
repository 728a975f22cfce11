import Domain
import HTTPDoor
import Storage
import Wire

extension ClaimRequest {
    /// Refuses counts that cannot be; a wait longer than the longest is shortened, not refused.
    func checked(for session: WorkerSession) throws -> ClaimRequest {
        guard (0...session.slots).contains(free) else { throw Problem.invalidField("/free", "expected 0 to the session's slots, \(session.slots)") }
        guard holding.count <= SessionRequest.mostSlots else {
            throw Problem.invalidField("/holding", "expected at most \(SessionRequest.mostSlots) builds")
        }
        guard waitMilliseconds >= 0 else { throw Problem.invalidField("/wait_ms", "expected 0 or more") }
        var checked = self
        checked.waitMilliseconds = min(waitMilliseconds, WorkerProtocol.longestWaitMilliseconds)
        return checked
    }
}
