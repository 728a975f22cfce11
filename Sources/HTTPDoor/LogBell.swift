import Domain
import Signals
import Synchronization

/// Tells those who follow a log that it has grown or ended, so that nobody has to ask again and again. A ring is a hint: a follower always reads
/// the log itself, and a slow one is told only the last news.
public final class LogBell: Sendable {
    private struct State {
        var next: UInt64 = 0
        var followers: [BuildID: [UInt64: Follower]] = [:]
    }

    private struct Follower {
        var name: String
        var continuation: AsyncStream<Void>.Continuation
    }

    private let state = Mutex(State())
    private let tellOthers: @Sendable (LogNotice) -> Void

    /// - Parameter tellOthers: carries what is rung here to other processes; nobody when absent.
    public init(tellOthers: @escaping @Sendable (LogNotice) -> Void = { _ in }) {
        self.tellOthers = tellOthers
    }

    /// Rings for one log. The stream holds at most one ring; ending the iteration unsubscribes.
    public func rings(build: BuildID, name: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.next += 1
            state.followers[build, default: [:]][state.next] = Follower(name: name, continuation: continuation)
            return state.next
        }
        continuation.onTermination = { [weak self] _ in self?.forget(build, id) }
        return stream
    }

    /// The log has grown from an offset to a size, here.
    public func ring(build: BuildID, name: String, offset: Int64, size: Int64) {
        ring(build, name)
        tellOthers(LogNotice(build: build.rawValue, log: name, offset: offset, size: size))
    }

    /// The build has ended, and with it all of its logs.
    public func ringAll(build: BuildID) {
        ring(build, nil)
        tellOthers(LogNotice(build: build.rawValue, log: nil))
    }

    /// Another process has received bytes of a log, or the end of a build.
    public func heard(_ notice: LogNotice) {
        ring(BuildID(notice.build), notice.log)
    }

    private func ring(_ build: BuildID, _ name: String?) {
        for follower in followers(of: build) where name == nil || follower.name == name { follower.continuation.yield() }
    }

    /// Any log may have grown: everybody who follows one looks.
    public func ringFollowers() {
        let followers = state.withLock { $0.followers.values.flatMap(\.values) }
        for follower in followers { follower.continuation.yield() }
    }

    /// How many follow logs at the moment.
    public var followerCount: Int { state.withLock { $0.followers.values.reduce(0) { $0 + $1.count } } }

    private func followers(of build: BuildID) -> [Follower] {
        state.withLock { state in state.followers.isEmpty ? [] : state.followers[build].map { Array($0.values) } ?? [] }
    }

    private func forget(_ build: BuildID, _ id: UInt64) {
        state.withLock { state in
            state.followers[build]?[id] = nil
            if state.followers[build]?.isEmpty == true { state.followers[build] = nil }
        }
    }
}
