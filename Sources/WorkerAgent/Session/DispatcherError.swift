/// Why a dispatcher did not do what it was asked.
enum DispatcherError: Error, Hashable, CustomStringConvertible {
    /// It cannot be reached, or not now: the same call may be made again, there or elsewhere.
    case unavailable(String)
    /// It does not know the session any more.
    case sessionOver(status: Int, String)
    /// It will never take this call.
    case refused(status: Int, String)

    var description: String {
        switch self {
        case .unavailable(let text): text
        case .sessionOver(let status, let text), .refused(let status, let text): "\(status): \(text)"
        }
    }
}
