import Domain
import Signals
import Storage

@testable import Relay

/// Values that the machine's tests are told with: event `n` is alone in tick `n`.
enum Machines {
    static let lease: Duration = .seconds(3)
    static let tickInterval: Duration = .milliseconds(20)

    static func make() -> ShardMachine { ShardMachine(lease: lease, tickInterval: tickInterval, gathering: .zero) }

    static func cursor(_ number: Int64) -> EventCursor { EventCursor(epoch: 1, tick: number, sequence: number) }

    static func term(_ number: Int64, at place: Int64 = 0) -> RelayTerm {
        RelayTerm(shard: 0, relay: "relay", number: number, cursor: cursor(place))
    }

    static func events(_ numbers: ClosedRange<Int64>) -> [EventRecord] { numbers.map { event($0) } }

    static func event(_ number: Int64, chain: String = #"{"id":"0c9f7f0e-2f0a-8a3b-9c1d-3e5f7a9b1c2d"}"#) -> EventRecord {
        EventRecord(
            cursor: cursor(number), messageID: "2f1c8c52-7a61-4f52-9a37-\(String(repeating: "0", count: 12 - String(number).count))\(number)",
            kind: .buildFinished, entity: .build, entityID: 17, entityVersion: number, routingKey: "build.finished.demo.main.test.w1.success.17",
            occurred: Timestamp(microseconds: 1_700_000_000_123_456), chain: chain, data: #"{"builder":"test"}"#)
    }

    static func confirmed(_ count: Int) -> [PublishOutcome] { Array(repeating: .confirmed, count: count) }
}
