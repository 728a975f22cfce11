/// What a try to send came to.
enum SendResult: Hashable, Sendable {
    case arrived(status: Int)
    /// - Parameter reason: for people; one line without secrets.
    case failed(status: Int?, reason: String)
}
