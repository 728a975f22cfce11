import Domain
import Testing

@Suite struct TimestampTests {
    @Test(
        "A time is written as RFC 3339 in UTC with microseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"), (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_800_000_000_123_456, "2027-01-15T08:00:00.123456Z"), (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ])
    func written(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).description == text)
        #expect(Timestamp(text)?.microseconds == microseconds)
    }

    @Test("What is written is read as the same moment, all through the years 0 to 9999")
    func calendar() throws {
        var moment = try #require(Timestamp("0000-01-01T12:34:56.000007Z"))
        let last = try #require(Timestamp("9999-12-31T12:34:56.000007Z"))
        var days = 0
        while moment <= last {
            // A step that shares no rhythm with months and years, so that it visits every day of the year.
            if Timestamp(moment.description) != moment { Issue.record("\(moment) is read as another moment") }
            moment = moment.advanced(by: .seconds(86_400 * 29))
            days += 1
        }
        #expect(days > 125_000)
    }

    @Test(
        "Offsets, fractions of any length and small letters are read",
        arguments: [
            ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00.000000Z"), ("2026-01-31T12:00:00-05:30", "2026-01-31T17:30:00.000000Z"),
            ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000000Z"), ("2026-01-31t12:00:00z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500000Z"), ("2026-01-31T12:00:00.1234567899Z", "2026-01-31T12:00:00.123456Z"),
            ("2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00.000000Z"), ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"), ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000Z"),
        ])
    func read(text: String, means: String) {
        #expect(Timestamp(text)?.description == means)
    }

    @Test(
        "What is no time is refused",
        arguments: [
            "", "now", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2024-02-30T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:61Z", "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00,5Z", "2026-01-31T12:00:00+2:00", "2026-01-31T12:00:00+0200", "2026-01-31T12:00:00+24:00",
            "2026-01-31T12:00:00+02:60", "2026-01-31T12:00:00+02:00Z", "2026-01-31T12:00:00ZZ", "2026-01-31T12:00:00Z ", "+026-01-31T12:00:00Z",
            "2026-01-31T12:00:00.\(String(repeating: "1", count: 40))Z", "2026-01-31T1２:00:00Z", "2026-01-31T12:00:00.1", "-001-01-31T12:00:00Z",
            "2026-01-31T12:00:00\u{0}Z", String(repeating: "9", count: 40),
        ])
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("Sums and differences beyond what can be told stay at the last moment that can")
    func bounds() {
        let last = Timestamp(microseconds: .max)
        let first = Timestamp(microseconds: .min)
        #expect(last.advanced(by: .seconds(1)) == last)
        #expect(first.advanced(by: .seconds(-1)) == first)
        #expect(Timestamp(microseconds: 0).advanced(by: .seconds(Int64.max)) == last)
        #expect(Timestamp(microseconds: 0).advanced(by: .seconds(Int64.min)) == first)
        #expect(last.since(first) == .microseconds(Int64.max))
        #expect(first.since(last) == .microseconds(Int64.min))
    }

    @Test("A number of seconds that is none or too large makes a time all the same", arguments: [Double.nan, .infinity, -.infinity, 1e300])
    func hostileSeconds(seconds: Double) {
        #expect(Timestamp(Timestamp(seconds: seconds).description) == Timestamp(seconds: seconds))
    }

    @Test("A time between two others is between them, and time passes by differences")
    func order() {
        let early = Timestamp(microseconds: 5)
        let late = early.advanced(by: .milliseconds(3))
        #expect(early < late)
        #expect(late.since(early) == .milliseconds(3))
        #expect(early.since(late) == .milliseconds(-3))
    }
}
