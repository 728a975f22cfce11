import Domain

extension Sending {
    /// The columns that `init(stored:epoch:)` reads, in its order: those of `EventRecord` first.
    package static let columns = "\(EventRecord.columns), shard, tick, outcome, attempts, first, last, next, status, reason, again"

    package init(stored row: some StoredRow, epoch: Int64) throws {
        guard let outcome = SendingOutcome(rawValue: row.string(12)) else {
            throw StoreError.internalError("a sending of event \(row.string(1)) has an unknown outcome")
        }
        self.init(
            event: try EventRecord(stored: row, epoch: epoch, shard: Int32(truncatingIfNeeded: row.int64(10)), tick: row.int64(11)), outcome: outcome,
            attempts: row.int(13), first: row.time(14), last: row.time(15), next: row.optionalTime(16), status: row.optionalInt64(17).map { Int($0) },
            reason: row.string(18), isRepeat: row.bool(19))
    }
}

extension SendingRow {
    package static let columns = "\(Sending.columns), id"

    package init(stored row: some StoredRow, epoch: Int64) throws {
        self.init(id: SendingID(row.int64(20)), sending: try Sending(stored: row, epoch: epoch))
    }
}

extension SubscriberAnswer {
    /// The columns that `init(stored:owner:now:epoch:)` reads, in its order, of `subscribers`.
    package static let columns = """
        name, owner, term, leased_until, shard, tick, seq, asked, failing_since,
        (SELECT count(*) FROM sendings s WHERE s.subscriber = subscribers.name AND s.outcome = 'waiting')
        """

    package init(stored row: some StoredRow, owner: String, now: Timestamp, epoch: Int64) {
        let leased = row.time(3)
        let isOurs = row.optionalString(1) == owner && leased > now
        self.init(
            term: isOurs ? SubscriberTerm(subscriber: row.string(0), owner: owner, number: row.int64(2)) : nil, leasedUntil: leased,
            cursor: EventCursor(
                epoch: epoch, shard: Int32(truncatingIfNeeded: row.int64(4)), tick: row.int64(5), sequence: row.int64(6)),
            waiting: row.int(9), asked: row.int64(7), failingSince: row.optionalTime(8))
    }
}

extension SubscriberRow {
    /// The columns that `init(stored:now:epoch:)` reads, in its order, before those two with which each store says how far it is behind.
    package static let columns = """
        name, CASE WHEN leased_until > ? THEN owner END, shard, tick, seq,
        (SELECT count(*) FROM sendings s WHERE s.subscriber = subscribers.name AND s.outcome = 'waiting'),
        sent, failed, given_up, last_sent, last_failed, error, failing_since
        """

    package init(stored row: some StoredRow, now: Timestamp, epoch: Int64) {
        self.init(
            name: row.string(0), owner: row.optionalString(1),
            cursor: EventCursor(epoch: epoch, shard: Int32(truncatingIfNeeded: row.int64(2)), tick: row.int64(3), sequence: row.int64(4)),
            lag: max(0, row.int(13)), age: row.optionalTime(14).map { max(.zero, now.since($0)) } ?? .zero, waiting: row.int(5), sent: row.int64(6),
            failed: row.int64(7), givenUp: row.int64(8), lastSent: row.optionalTime(9), lastFailed: row.optionalTime(10), error: row.string(11),
            failingSince: row.optionalTime(12))
    }
}
