/// Five fields as cron(8) reads them: minute, hour, day of the month, month, day of the week. Where both kinds of day are restricted, either will do. Pure.
public struct CronExpression: Hashable, Sendable {
    /// As it was written.
    public let text: String
    private let minutes: UInt64
    private let hours: UInt64
    private let days: UInt64
    private let months: UInt64
    private let weekdays: UInt64
    /// A kind of day is restricted by whatever is not "*".
    private let isAnyDay: Bool
    private let isAnyWeekday: Bool

    private static let shorthands = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *",
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
    private static let allHours: UInt64 = (1 << 24) - 1
    private static let allWeekdays: UInt64 = (1 << 7) - 1
    /// Between two 29 February there are at most eight years.
    private static let longestSearch: Int64 = 9 * 366

    public init(_ text: String) throws(CronError) {
        let fields = (Self.shorthands[text.lowercased()] ?? text).split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard fields.count == 5 else {
            throw CronError(
                "it has \(fields.count) fields, expected five: minute, hour, day of the month, month, day of the week, as in \"0 3 * * *\"")
        }
        self.text = text
        minutes = try CronField.minute.read(fields[0])
        hours = try CronField.hour.read(fields[1])
        days = try CronField.day.read(fields[2])
        months = try CronField.month.read(fields[3])
        let read = try CronField.weekday.read(fields[4])
        weekdays = (read | read >> 7) & Self.allWeekdays
        isAnyDay = fields[2] == "*"
        isAnyWeekday = fields[4] == "*"
        guard next(after: Timestamp(microseconds: 0), in: .utc) != nil else {
            throw CronError("it never comes: no month that it names has such a day")
        }
    }

    /// The first moment after this one that the expression names; nil when there is none.
    ///
    /// Where clocks are set forward, times that are skipped come at the first moment after the gap, all of them once. Where they are set back, a time
    /// that there is twice comes the first time only, unless the expression names every hour: those go by the time that passes.
    public func next(after moment: Timestamp, in zone: ZoneRule) -> Timestamp? {
        let start = moment.minute
        var day = Self.floor(start + zone.offset(start), 86_400)
        for _ in 0..<Self.longestSearch {
            if matches(CivilDate(days: day)), let found = first(after: start, on: day, in: zone) { return Timestamp(microseconds: found * 1_000_000) }
            day += 1
        }
        return nil
    }

    private func first(after start: Int64, on day: Int64, in zone: ZoneRule) -> Int64? {
        let midnight = day * 86_400
        if hours == Self.allHours {
            let end = zone.moment(midnight + 86_400)
            return stride(from: max(start + 60, zone.moment(midnight)), to: end, by: 60).first { moment in
                let local = moment + zone.offset(moment)
                return minutes & 1 << UInt64(Self.remainder(local, 3600) / 60) != 0
            }
        }
        for hour in 0..<24 where hours & 1 << UInt64(hour) != 0 {
            for minute in 0..<60 where minutes & 1 << UInt64(minute) != 0 {
                let moment = zone.moment(midnight + Int64(hour * 3600 + minute * 60))
                if moment > start { return moment }
            }
        }
        return nil
    }

    private func matches(_ date: CivilDate) -> Bool {
        guard months & 1 << UInt64(date.month) != 0 else { return false }
        let isDay = days & 1 << UInt64(date.day) != 0
        let isWeekday = weekdays & 1 << UInt64(date.weekday) != 0
        if isAnyDay { return isWeekday }
        if isAnyWeekday { return isDay }
        return isDay || isWeekday
    }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 { (value - remainder(value, divisor)) / divisor }
    private static func remainder(_ value: Int64, _ divisor: Int64) -> Int64 { (value % divisor + divisor) % divisor }
}

extension CronExpression: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do {
            try self.init(text)
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: error.description))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension Timestamp {
    /// The full minute, in seconds since 1970.
    fileprivate var minute: Int64 {
        let seconds = (microseconds - (microseconds % 1_000_000 + 1_000_000) % 1_000_000) / 1_000_000
        return seconds - (seconds % 60 + 60) % 60
    }
}
