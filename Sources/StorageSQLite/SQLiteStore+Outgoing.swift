import Domain
import GRDB
import Storage

extension SQLiteStore: OutgoingStore {
    public func lead(subscribers: [String], as owner: String, for period: Duration) async throws -> SubscriberAnswers {
        try await write("leading subscribers") { [epoch] tx in
            var answers: [String: SubscriberAnswer] = [:]
            for name in subscribers {
                try tx.run(
                    """
                    INSERT INTO subscribers (name, shard, tick, seq, owner, term, leased_until)
                    SELECT ?, 0, newest, newest, ?, 1, ? FROM (SELECT coalesce(max(seq), 0) AS newest FROM outbox) WHERE true
                    ON CONFLICT (name) DO UPDATE SET
                        term = iif(owner IS excluded.owner, term, term + 1), owner = excluded.owner, leased_until = excluded.leased_until
                    WHERE owner IS excluded.owner OR leased_until <= ?
                    """, [name, owner, tx.now.advanced(by: period).microseconds, tx.now.microseconds])
                if let row = try tx.first("SELECT \(SubscriberAnswer.columns) FROM subscribers WHERE name = ?", [name]) {
                    answers[name] = SubscriberAnswer(stored: row, owner: owner, now: tx.now, epoch: epoch)
                }
            }
            return SubscriberAnswers(now: tx.now, answers: answers)
        }
    }

    public func resign(_ terms: [SubscriberTerm]) async throws {
        guard !terms.isEmpty else { return }
        try await write("resigning from subscribers") { tx in
            for term in terms {
                try tx.run(
                    "UPDATE subscribers SET owner = NULL, leased_until = ? WHERE name = ? AND owner = ? AND term = ?",
                    [tx.now.microseconds, term.subscriber, term.owner, term.number])
            }
        }
    }

    public func waitingSendings(of subscriber: String) async throws -> [Sending] {
        try await read("reading what is set aside") { [epoch] db in
            // Index: sendings_waiting.
            try Row.fetchAll(
                db.cachedStatement(
                    sql: "SELECT \(Sending.columns) FROM sendings WHERE subscriber = ? AND outcome = 'waiting' ORDER BY tick, seq"),
                arguments: [subscriber]
            ).map { try Sending(stored: $0, epoch: epoch) }
        }
    }

    public func settle(_ settlement: SubscriberSettlement) async throws -> Bool {
        try await write("settling what was sent") { tx in
            let (term, now) = (settlement.term, tx.now.microseconds)
            let sent = settlement.count(.sent)
            let moved = try tx.run(
                """
                UPDATE subscribers SET shard = ?, tick = ?, seq = ?, sent = sent + ?, failed = failed + ?, given_up = given_up + ?,
                    last_sent = iif(?, ?, last_sent), last_failed = iif(?, ?, last_failed), error = coalesce(?, error), failing_since = ?
                WHERE name = ? AND owner = ? AND term = ? AND leased_until > ?
                """,
                [
                    settlement.cursor.shard, settlement.cursor.tick, settlement.cursor.sequence, sent, settlement.failures,
                    settlement.count(.givenUp), sent > 0, now, settlement.failures > 0, now, settlement.error,
                    settlement.failingSince?.microseconds, term.subscriber, term.owner, term.number, now,
                ])
            guard moved == 1 else { return false }
            for sending in settlement.sendings { try tx.write(sending, of: term.subscriber) }
            if !settlement.sendings.isEmpty { try tx.trimSendings(of: term.subscriber) }
            return true
        }
    }

    public func subscribers() async throws -> [SubscriberRow] {
        let now = clock.now()
        return try await read("listing subscribers") { [epoch] db in
            // One writer numbers the events without gaps that matter. Index of the oldest: the outbox's own.
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT \(SubscriberRow.columns), (SELECT coalesce(max(o.seq), 0) FROM outbox o) - seq,
                            (SELECT o.occurred FROM outbox o WHERE o.seq > subscribers.seq ORDER BY o.seq LIMIT 1)
                        FROM subscribers ORDER BY name
                        """), arguments: [now.microseconds]
            ).map { SubscriberRow(stored: $0, now: now, epoch: epoch) }
        }
    }

    public func sendings(_ query: PageQuery<SendingFields>) async throws -> [SendingRow] {
        try await read("listing sendings") { [epoch] db in
            var page = PageStatement(ascending: query.ascending, limit: query.limit)
            // Index: sendings_list.
            page.add("subscriber = ?", query.fields.subscriber)
            page.add("outcome = ?", query.fields.outcome?.rawValue)
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            return try page.rows(db, "SELECT \(SendingRow.columns) FROM sendings", orderedBy: ["id"]).map { try SendingRow(stored: $0, epoch: epoch) }
        }
    }

    public func sendAgain(_ id: SendingID, to subscriber: String, audit: AuditNote?) async throws -> Bool {
        try await write("asking for a sending again") { tx in
            let asked = try tx.run(
                """
                UPDATE sendings SET next = ?, first = iif(outcome = 'waiting', first, ?), again = iif(outcome = 'waiting', again, 1), outcome = 'waiting'
                WHERE id = ? AND subscriber = ?
                """, [tx.now.microseconds, tx.now.microseconds, id.rawValue, subscriber])
            guard asked == 1 else { return false }
            try tx.run("UPDATE subscribers SET asked = asked + 1 WHERE name = ?", [subscriber])
            if let audit { try tx.write(audit, target: AuditTarget("sending", id)) }
            return true
        }
    }

    public func forgetSubscribers(except names: [String], idleFor period: Duration) async throws -> [String] {
        try await write("forgetting subscribers") { tx in
            // Index: sendings_age.
            try tx.run(
                "DELETE FROM sendings WHERE last < ? AND outcome <> 'waiting'", [tx.now.advanced(by: .zero - SendingBounds.kept).microseconds])
            let known = try tx.all(
                "SELECT name FROM subscribers WHERE leased_until < ? ORDER BY name", [tx.now.advanced(by: .zero - period).microseconds]
            ).map { $0.string(0) }
            let gone = known.filter { !names.contains($0) }
            for name in gone { try tx.run("DELETE FROM subscribers WHERE name = ?", [name]) }
            return gone
        }
    }
}

extension SQLiteTransaction {
    fileprivate func write(_ sending: Sending, of subscriber: String) throws {
        let event = sending.event
        try run(
            """
            INSERT INTO sendings (subscriber, message_id, outcome, attempts, first, last, next, status, reason, again, shard, tick, seq, event, entity,
                entity_id, entity_version, routing_key, occurred, chain, data)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (subscriber, message_id) DO UPDATE SET outcome = excluded.outcome, attempts = excluded.attempts, first = excluded.first,
                last = excluded.last, next = excluded.next, status = excluded.status, reason = excluded.reason, again = excluded.again
            """,
            [
                subscriber, event.messageID, sending.outcome.rawValue, sending.attempts, sending.first.microseconds, sending.last.microseconds,
                sending.next?.microseconds, sending.status, sending.reason, sending.isRepeat, event.cursor.shard, event.cursor.tick,
                event.cursor.sequence, event.kind.rawValue, event.entity.rawValue, event.entityID, event.entityVersion, event.routingKey,
                event.occurred.microseconds, event.chain, event.data,
            ])
    }

    /// The oldest make room for the newest. Index: sendings_list.
    fileprivate func trimSendings(of subscriber: String) throws {
        try run(
            """
            DELETE FROM sendings WHERE subscriber = ? AND outcome <> 'waiting'
                AND id <= (SELECT id FROM sendings WHERE subscriber = ? ORDER BY id DESC LIMIT 1 OFFSET ?)
            """, [subscriber, subscriber, SendingBounds.most])
    }
}
