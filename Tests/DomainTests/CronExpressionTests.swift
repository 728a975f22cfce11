import Domain
import Testing

@Suite struct CronExpressionTests {
    /// Half an hour before clocks in Berlin are set forward, and back, in 2026.
    private static let spring = Timestamp("2026-03-29T00:30:00Z")
    private static let autumn = Timestamp("2026-10-24T23:30:00Z")
    /// Berlin's rule of that year.
    private static let berlin = ZoneRule { moment in (1_774_746_000..<1_792_890_000).contains(moment) ? 7200 : 3600 }

    private func times(_ text: String, after start: Timestamp?, _ count: Int = 3, in zone: ZoneRule = .utc) throws -> [String] {
        let expression = try CronExpression(text)
        var moment = try #require(start)
        return try (0..<count).map { _ in
            moment = try #require(expression.next(after: moment, in: zone))
            return String(moment.description.prefix(16))
        }
    }

    @Test(
        "Fields name times by numbers, names, lists, ranges and steps",
        arguments: [
            ("*/20 * * * *", ["2026-01-01T00:20", "2026-01-01T00:40", "2026-01-01T01:00"]),
            ("5,35 9-10 * * *", ["2026-01-01T09:05", "2026-01-01T09:35", "2026-01-01T10:05"]),
            ("0 3 * * mon-WED", ["2026-01-05T03:00", "2026-01-06T03:00", "2026-01-07T03:00"]),
            ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
            ("0 0 1 jan,jul *", ["2026-07-01T00:00", "2027-01-01T00:00", "2027-07-01T00:00"]),
            ("0 12 * * 7", ["2026-01-04T12:00", "2026-01-11T12:00", "2026-01-18T12:00"]),
            ("0 0 1-31/10 * *", ["2026-01-11T00:00", "2026-01-21T00:00", "2026-01-31T00:00"]),
            ("@weekly", ["2026-01-04T00:00", "2026-01-11T00:00", "2026-01-18T00:00"]),
        ])
    func fields(_ text: String, _ wanted: [String]) throws {
        #expect(try times(text, after: Timestamp("2026-01-01T00:00:00Z")) == wanted)
    }

    @Test("Where both kinds of day are restricted, either will do")
    func days() throws {
        #expect(try times("0 0 13 * fri", after: Timestamp("2026-02-10T00:00:00Z")) == ["2026-02-13T00:00", "2026-02-20T00:00", "2026-02-27T00:00"])
        #expect(try times("0 0 13 * fri", after: Timestamp("2026-04-11T00:00:00Z"), 2) == ["2026-04-13T00:00", "2026-04-17T00:00"])
    }

    @Test("A moment in the middle of a minute has the next one before it")
    func seconds() throws {
        #expect(try times("* * * * *", after: Timestamp("2026-01-01T00:00:59.5Z"), 1) == ["2026-01-01T00:01"])
        #expect(try times("* * * * *", after: Timestamp("1969-12-31T23:59:30Z"), 1) == ["1970-01-01T00:00"])
    }

    @Test("Times that the clocks skip come once, at the first moment after the gap")
    func gap() throws {
        #expect(try times("30 2 * * *", after: Self.spring, 2, in: Self.berlin) == ["2026-03-29T01:00", "2026-03-30T00:30"])
        #expect(try times("*/15 2 * * *", after: Self.spring, 2, in: Self.berlin) == ["2026-03-29T01:00", "2026-03-30T00:00"])
        #expect(try times("30 * * * *", after: Self.spring, 3, in: Self.berlin) == ["2026-03-29T01:30", "2026-03-29T02:30", "2026-03-29T03:30"])
    }

    @Test("A time that there is twice comes once, unless every hour is named: then what passes counts")
    func twice() throws {
        #expect(try times("30 2 * * *", after: Self.autumn, 2, in: Self.berlin) == ["2026-10-25T00:30", "2026-10-26T01:30"])
        #expect(
            try times("30 * * * *", after: Self.autumn, 4, in: Self.berlin)
                == ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30", "2026-10-25T03:30"])
    }

    @Test(
        "What is no expression is refused, and what is wrong is said",
        arguments: [
            ("", "it has 0 fields"), ("0 3 * *", "it has 4 fields"), ("60 * * * *", "the minute \"60\": expected numbers from 0 to 59"),
            ("* 24 * * *", "the hour \"24\""), ("* * 0 * *", "the day of the month \"0\""), ("* * * 13 *", "the month \"13\""),
            ("* * * * fre", "the day of the week \"fre\": expected numbers from 0 to 7, or sun to sat"), ("*/0 * * * *", "a step is a number from 1"),
            ("5-3 * * * *", "a range goes up"), ("1,,2 * * * *", "the minute \"\""), ("L * * * *", "the minute \"L\""),
            ("0 0 31 2 *", "it never comes"), ("0 0 30 feb *", "it never comes"), ("99999999999999999999 * * * *", "the minute"),
        ])
    func refused(_ text: String, _ why: String) {
        #expect {
            try CronExpression(text)
        } throws: { error in
            (error as? CronError)?.description.contains(why) == true
        }
    }

    @Test("A regular schedule keeps its rhythm, however late it is looked at")
    func regular() {
        let start = Timestamp(microseconds: 1_000_000_000)
        let schedule = Schedule(timing: .every(.seconds(60)))
        let zone: (String) -> ZoneRule? = { _ in .utc }
        #expect(schedule.next(after: start, zone: zone) == start.advanced(by: .seconds(60)))
        #expect(schedule.next(after: start.advanced(by: .seconds(7)), from: start, zone: zone) == start.advanced(by: .seconds(60)))
        #expect(schedule.next(after: start.advanced(by: .seconds(600)), from: start, zone: zone) == start.advanced(by: .seconds(660)))
    }
}
