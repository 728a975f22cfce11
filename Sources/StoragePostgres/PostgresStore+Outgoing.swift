import Domain
import Storage

extension PostgresStore: OutgoingStore {
    public func lead(subscribers: [String], as owner: String, for period: Duration) async throws -> SubscriberAnswers {
        let first = try await leadKnown(subscribers, owner, period)
        let missing = subscribers.filter { first.answers[$0] == nil }
        guard !missing.isEmpty else { return first }
        let newest = try await latestCursor()
        let clock = clockArgument
        try await pool.transaction("making subscribers") { sql in
            try sql.run(
                """
                INSERT INTO subscribers (name, shard, tick, seq, term, leased_until)
                SELECT name, $2, $3, $4, 0, coalesce($5, \(Self.clock)) FROM unnest($1::text[]) AS given (name) ON CONFLICT (name) DO NOTHING
                """,
                [.texts(missing), .integer(Int64(newest.shard)), .integer(newest.tick), .integer(newest.sequence), clock])
        }
        return try await leadKnown(subscribers, owner, period)
    }

    private func leadKnown(_ names: [String], _ owner: String, _ period: Duration) async throws -> SubscriberAnswers {
        let clock = clockArgument
        let found = try await pool.transaction("leading subscribers") { sql in
            // Locked in the order of their names, and never waited for: who holds the row just now leads it.
            let answers = try sql.pipeline([
                (
                    """
                    UPDATE subscribers SET term = CASE WHEN owner = $2 THEN term ELSE term + 1 END, owner = $2,
                        leased_until = coalesce($4, \(Self.clock)) + $3
                    WHERE name IN (
                        SELECT name FROM subscribers WHERE name = ANY ($1::text[])
                            AND (owner IS NOT DISTINCT FROM $2 OR leased_until <= coalesce($4, \(Self.clock)))
                        ORDER BY name FOR NO KEY UPDATE SKIP LOCKED)
                    """, [.texts(names), .text(owner), .integer(period.microseconds), clock]
                ),
                (
                    """
                    SELECT \(SubscriberAnswer.columns), coalesce($2, \(Self.clock)), (SELECT epoch FROM deployment) FROM subscribers
                    WHERE name = ANY ($1::text[])
                    """, [.texts(names), clock]
                ),
                ("SELECT coalesce($1, \(Self.clock))", [clock]),
            ])
            let now = answers[2].first?.time(0) ?? Timestamp(microseconds: 0)
            var found = SubscriberAnswers(now: now, answers: [:])
            for row in answers[1] {
                found.answers[row.string(0)] = SubscriberAnswer(stored: row, owner: owner, now: row.time(10), epoch: row.int64(11))
            }
            return found
        }
        for answer in found.answers.values { note(epoch: answer.cursor.epoch) }
        return found
    }

    public func resign(_ terms: [SubscriberTerm]) async throws {
        guard !terms.isEmpty else { return }
        let clock = clockArgument
        try await pool.transaction("resigning from subscribers") { sql in
            try sql.run(
                """
                UPDATE subscribers SET owner = NULL, leased_until = coalesce($4, \(Self.clock))
                FROM unnest($1::text[], $2::text[], $3::bigint[]) AS given (name, owner, term)
                WHERE subscribers.name = given.name AND subscribers.owner = given.owner AND subscribers.term = given.term
                """, [.texts(terms.map(\.subscriber)), .texts(terms.map(\.owner)), .integers(terms.map(\.number)), clock])
        }
    }

    public func waitingSendings(of subscriber: String) async throws -> [Sending] {
        let epoch = epoch
        return try await pool.single(
            "reading what is set aside",
            // Index: sendings_waiting.
            "SELECT \(Sending.columns) FROM sendings WHERE subscriber = $1 AND outcome = 'waiting' ORDER BY tick, seq", [.text(subscriber)]
        ) { rows in try rows.map { try Sending(stored: $0, epoch: epoch) } }
    }

    public func settle(_ settlement: SubscriberSettlement) async throws -> Bool {
        let clock = clockArgument
        return try await pool.transaction("settling what was sent") { sql in
            let (term, cursor, sent) = (settlement.term, settlement.cursor, settlement.count(.sent))
            let moved = try sql.run(
                """
                UPDATE subscribers SET shard = $5, tick = $6, seq = $7, sent = sent + $8, failed = failed + $9, given_up = given_up + $10,
                    last_sent = CASE WHEN $8 > 0 THEN coalesce($4, \(Self.clock)) ELSE last_sent END,
                    last_failed = CASE WHEN $9 > 0 THEN coalesce($4, \(Self.clock)) ELSE last_failed END,
                    error = coalesce($11, error), failing_since = $12
                WHERE name = $1 AND owner = $2 AND term = $3 AND leased_until > coalesce($4, \(Self.clock))
                """,
                [
                    .text(term.subscriber), .text(term.owner), .integer(term.number), clock, .integer(Int64(cursor.shard)), .integer(cursor.tick),
                    .integer(cursor.sequence), .integer(sent), .integer(settlement.failures), .integer(settlement.count(.givenUp)),
                    .text(settlement.error), .integer(settlement.failingSince?.microseconds),
                ])
            guard moved == 1 else { return false }
            if !settlement.sendings.isEmpty {
                sql.later(Self.writeSendings, Self.arguments(settlement.sendings, of: term.subscriber))
                // The oldest make room for the newest. Index: sendings_list.
                sql.later(
                    """
                    DELETE FROM sendings WHERE subscriber = $1 AND outcome <> 'waiting'
                        AND id <= (SELECT id FROM sendings WHERE subscriber = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)
                    """, [.text(term.subscriber), .integer(SendingBounds.most)])
            }
            return true
        }
    }

    public func subscribers() async throws -> [SubscriberRow] {
        let clock = manualClock
        return try await read("listing subscribers") { sql in
            let moment = try clock?.now() ?? sql.began
            // What ticks hold beyond the cursor; of the cursor's own tick an unknown part is read already, so the whole counts. Index: ticks_place.
            return try sql.all(
                """
                SELECT \(SubscriberRow.columns.replacing("?", with: "$1")), behind.events, behind.oldest, (SELECT epoch FROM deployment)
                FROM subscribers CROSS JOIN LATERAL (
                    SELECT coalesce(sum(t.events), 0)::bigint AS events, min(t.first_occurred) AS oldest FROM ticks t
                    WHERE t.shard = subscribers.shard AND t.id >= subscribers.tick AND t.events > 0
                        AND (t.id > subscribers.tick OR t.last_seq > subscribers.seq)) behind
                ORDER BY name COLLATE "C"
                """, [.integer(moment.microseconds)]
            ).map { SubscriberRow(stored: $0, now: moment, epoch: $0.int64(15)) }
        }
    }

    public func sendings(_ query: PageQuery<SendingFields>) async throws -> [SendingRow] {
        let epoch = epoch
        return try await read("listing sendings") { sql in
            var page = PostgresPage(ascending: query.ascending, limit: query.limit)
            // Index: sendings_list.
            page.add("subscriber = ?", .text(query.fields.subscriber))
            page.add("outcome = ?", .text(query.fields.outcome?.rawValue))
            page.addAfter(query.after, ascending: "id > ?", descending: "id < ?")
            return try page.rows(sql, "SELECT \(SendingRow.columns) FROM sendings", orderedBy: ["id"]).map {
                try SendingRow(stored: $0, epoch: epoch)
            }
        }
    }

    public func sendAgain(_ id: SendingID, to subscriber: String, audit: AuditNote?) async throws -> Bool {
        let clock = clockArgument
        return try await write("asking for a sending again") { tx in
            let sql = tx.sql
            // The subscriber before its sending, in the order that its leader writes them.
            try sql.run(
                "UPDATE subscribers SET asked = asked + 1 WHERE name = $1 AND EXISTS (SELECT 1 FROM sendings WHERE id = $2 AND subscriber = $1)",
                [.text(subscriber), .integer(id.rawValue)])
            let isFound =
                try sql.run(
                    """
                    UPDATE sendings SET next = coalesce($3, \(Self.clock)), outcome = 'waiting', again = again OR outcome <> 'waiting',
                        first = CASE WHEN outcome = 'waiting' THEN first ELSE coalesce($3, \(Self.clock)) END
                    WHERE id = $1 AND subscriber = $2
                    """, [.integer(id.rawValue), .text(subscriber), clock]) == 1
            if isFound, let audit { try tx.write(audit, target: AuditTarget("sending", id)) }
            return isFound
        }
    }

    public func forgetSubscribers(except names: [String], idleFor period: Duration) async throws -> [String] {
        let clock = clockArgument
        return try await pool.transaction("forgetting subscribers") { sql in
            // Index: sendings_age. What a leader writes just now is young.
            try sql.run(
                """
                DELETE FROM sendings WHERE id IN (
                    SELECT id FROM sendings WHERE last < coalesce($1, \(Self.clock)) - $2 AND outcome <> 'waiting' FOR UPDATE SKIP LOCKED)
                """, [clock, .integer(SendingBounds.kept.microseconds)])
            return try sql.all(
                "DELETE FROM subscribers WHERE leased_until < coalesce($1, \(Self.clock)) - $2 AND name <> ALL ($3::text[]) RETURNING name",
                [clock, .integer(period.microseconds), .texts(names)]
            ).map { $0.string(0) }.sorted()
        }
    }
}

extension PostgresStore {
    private static let writeSendings = """
        INSERT INTO sendings (subscriber, message_id, outcome, attempts, first, last, next, status, reason, again, shard, tick, seq, event, entity,
            entity_id, entity_version, routing_key, occurred, chain, data)
        SELECT $1::text, j.* FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[],
            $10::boolean[], $11::integer[], $12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::bigint[], $17::bigint[], $18::text[],
            $19::bigint[], $20::text[], $21::text[]) j
        ON CONFLICT (subscriber, message_id) DO UPDATE SET outcome = excluded.outcome, attempts = excluded.attempts, first = excluded.first,
            last = excluded.last, next = excluded.next, status = excluded.status, reason = excluded.reason, again = excluded.again
        """

    private static func arguments(_ sendings: [Sending], of subscriber: String) -> [PostgresValue] {
        let events = sendings.map(\.event)
        return [
            .text(subscriber), .texts(events.map(\.messageID)), .texts(sendings.map(\.outcome.rawValue)),
            .integers(sendings.map { Int64($0.attempts) }), .integers(sendings.map(\.first.microseconds)),
            .integers(sendings.map(\.last.microseconds)), .integers(sendings.map { $0.next?.microseconds }),
            .integers(sendings.map { $0.status.map { Int64($0) } }), .texts(sendings.map(\.reason)), .booleans(sendings.map(\.isRepeat)),
            .integers(events.map { Int64($0.cursor.shard) }), .integers(events.map(\.cursor.tick)), .integers(events.map(\.cursor.sequence)),
            .texts(events.map(\.kind.rawValue)), .texts(events.map(\.entity.rawValue)), .integers(events.map(\.entityID)),
            .integers(events.map(\.entityVersion)), .texts(events.map(\.routingKey)), .integers(events.map(\.occurred.microseconds)),
            .texts(events.map(\.chain)), .texts(events.map(\.data)),
        ]
    }
}
