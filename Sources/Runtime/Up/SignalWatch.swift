import Dispatch
import Foundation

/// Turns the signals of the process into what an operator means by them: the first TERM or INT drains, a second one stops at once, HUP reads the
/// configuration again.
public final class SignalWatch: Sendable {
    public enum Meaning: Sendable {
        case drain, stopNow, reload
    }

    /// What was meant, in order, from the making of this object on.
    public let meanings: AsyncStream<Meaning>
    // Made once, then only kept alive; a dispatch source may be released from any thread.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    public init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Meaning.self)
        meanings = stream
        let queue = DispatchQueue(label: "doorbell.signals")
        let stops = StopCount()
        sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            // The default action would end the process before the source is asked.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if number == SIGHUP {
                    continuation.yield(.reload)
                } else {
                    continuation.yield(stops.next() == 1 ? .drain : .stopNow)
                }
            }
            source.resume()
            return source
        }
    }
}

// Unchecked: touched only from the signal queue, which is serial.
private final class StopCount: @unchecked Sendable {
    private var count = 0

    func next() -> Int {
        count += 1
        return count
    }
}
