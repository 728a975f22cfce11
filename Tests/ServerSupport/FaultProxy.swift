import Foundation
import Synchronization

/// A TCP proxy on loopback that fails when a test says so: cuts connections at a chosen byte, holds them, or lets nobody in.
public final class FaultProxy: Sendable {
    public enum Direction: Sendable {
        case toServer
        case toClient
    }

    /// What happens to a piece that is about to be passed on.
    public enum Verdict: Sendable {
        case pass
        /// The piece never arrives, and both sides see a reset.
        case cutBefore
        /// The piece arrives; then both sides see the end.
        case cutAfter
    }

    public typealias Judge = @Sendable (Direction, [UInt8]) -> Verdict

    private struct State {
        var judge: Judge?
        var isRefusing = false
        var isHolding = false
        var isStopped = false
        /// Raised by each cut: connections older than that end.
        var generation = 0
        /// Sides towards the server that were left open without a client.
        var stranded: [Int32] = []
        var isStranding = false
    }

    public let port: Int
    private let target: Int
    private let listener: Int32
    private let state = Mutex(State())

    /// Listens on a free port and passes everything to the target port.
    public init(to target: Int) throws {
        self.target = target
        listener = try LoopbackSocket.listening()
        port = LoopbackSocket.port(of: listener)
        let thread = Thread { self.accept() }
        thread.name = "fault proxy"
        thread.start()
    }

    /// Ends every connection there is.
    public func cut() { end(isStranding: false) }

    /// Ends the clients' sides only: the server goes on believing in its connections, which have fallen silent.
    public func strand() { end(isStranding: true) }

    private func end(isStranding: Bool) {
        state.withLock { state in
            state.isStranding = isStranding
            state.generation += 1
        }
    }

    /// Asks before each piece; nil passes everything again.
    public func judge(_ judge: Judge?) { state.withLock { $0.judge = judge } }

    /// New connections are closed at once.
    public func refuse(_ isRefusing: Bool) { state.withLock { $0.isRefusing = isRefusing } }

    /// Nothing is read from either side, as if the peer were frozen.
    public func hold(_ isHolding: Bool) { state.withLock { $0.isHolding = isHolding } }

    /// Ends everything, and listens no more.
    public func stop() {
        state.withLock { state in
            state.isStopped = true
            state.isStranding = false
            state.generation += 1
            for descriptor in state.stranded { close(descriptor) }
            state.stranded = []
        }
    }

    deinit { close(listener) }

    private func accept() {
        while !state.withLock({ $0.isStopped }) {
            guard LoopbackSocket.isReadable(listener, milliseconds: 50) else { continue }
            let client = LoopbackSocket.accept(listener)
            guard client >= 0 else { continue }
            guard !state.withLock({ $0.isRefusing }), let server = LoopbackSocket.connected(to: target) else {
                close(client)
                continue
            }
            let generation = state.withLock { $0.generation }
            let thread = Thread { self.pass(client, server, generation) }
            thread.name = "fault proxy connection"
            thread.start()
        }
    }

    private func pass(_ client: Int32, _ server: Int32, _ generation: Int) {
        var isReset = false
        while true {
            let (isOver, isHolding) = state.withLock { ($0.generation != generation, $0.isHolding) }
            if isOver {
                isReset = true
                break
            }
            if isHolding {
                Thread.sleep(forTimeInterval: 0.02)
                continue
            }
            var waited = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&waited, 2, 20) > 0 else { continue }
            if waited[0].revents != 0, !move(client, server, .toServer, &isReset) { break }
            if waited[1].revents != 0, !move(server, client, .toClient, &isReset) { break }
        }
        let isStranded = state.withLock { state in
            guard state.generation != generation, state.isStranding else { return false }
            state.stranded.append(server)
            return true
        }
        for descriptor in isStranded ? [client] : [client, server] {
            if isReset { LoopbackSocket.resetOnClose(descriptor) }
            close(descriptor)
        }
    }

    /// Moves one piece; false when the connection has ended.
    private func move(_ from: Int32, _ to: Int32, _ direction: Direction, _ isReset: inout Bool) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = read(from, &buffer, buffer.count)
        guard count > 0 else { return false }
        let piece = Array(buffer.prefix(count))
        let verdict = state.withLock { $0.judge }?(direction, piece) ?? .pass
        if case .cutBefore = verdict {
            isReset = true
            return false
        }
        guard LoopbackSocket.writeAll(to, piece) else { return false }
        if case .cutAfter = verdict { return false }
        return true
    }
}
