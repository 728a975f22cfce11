import Foundation
import Signals

/// Hears what outsiders NOTIFY, on a connection of its own; connects again when that is lost. What was said meanwhile is not heard, which `connected` tells.
struct PostgresListener: Sendable {
    let address: PostgresAddress
    /// Names of letters, digits and underscores.
    let channels: [String]
    let heard: @Sendable (_ channel: String, _ payload: String) -> Void
    let connected: @Sendable () -> Void

    /// Nil behind a pooler that hands out connections by transaction: there nobody can listen, and sweeps must do.
    init?(
        _ address: PostgresAddress, channels: [String], connected: @escaping @Sendable () -> Void = {},
        heard: @escaping @Sendable (_ channel: String, _ payload: String) -> Void
    ) {
        guard address.usesSession, !channels.isEmpty, channels.allSatisfy({ $0.wholeMatch(of: /[a-z_][a-z0-9_]{0,62}/) != nil }) else { return nil }
        self.address = address
        self.channels = channels
        self.connected = connected
        self.heard = heard
    }

    /// Listens until the task is cancelled.
    func run() async {
        let end = PostgresListenerEnd()
        let ear = PostgresEar()
        let backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
        await withTaskCancellationHandler {
            var failures = 0
            while !Task.isCancelled {
                // It returns only when it was told to end, or the connection is lost.
                failures = await ear.listen(self, until: end) ? 1 : failures + 1
                try? await Task.sleep(for: backoff.delay(failures: failures, random: .random(in: 0..<1)))
            }
        } onCancel: {
            end.tell()
        }
    }
}
