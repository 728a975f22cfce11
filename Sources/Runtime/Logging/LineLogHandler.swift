import Domain
import Foundation
import Logging

/// Writes one line a log message to standard error: `time level label message key=value …`, or a JSON object with the same fields.
public struct LineLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: Settings.LogFormat

    public init(label: String, level: Logger.Level, format: Settings.LogFormat) {
        self.label = label
        self.logLevel = level
        self.format = format
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let line = Self.line(
            time: Timestamp(seconds: Date().timeIntervalSince1970), level: event.level, label: label, message: event.message.description,
            fields: fields.mapValues(\.description), format: format)
        // One write a line: lines of several threads do not mix.
        Console.error.write(line)
    }

    static func line(
        time: Timestamp, level: Logger.Level, label: String, message: String, fields: [String: String], format: Settings.LogFormat
    ) -> String {
        let sorted = fields.sorted { $0.key < $1.key }
        switch format {
        case .text:
            return ([time.description, level.rawValue, label, escaped(message)] + sorted.map { "\($0.key)=\(quoted($0.value))" })
                .joined(separator: " ") + "\n"
        case .json:
            var object: [String: JSONValue] = [
                "time": .string(time.description), "level": .string(level.rawValue), "logger": .string(label), "message": .string(message),
            ]
            for (key, value) in sorted where object[key] == nil { object[key] = .string(value) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let data = try? encoder.encode(object) else { return "" }
            return String(decoding: data, as: UTF8.self) + "\n"
        }
    }

    private static func quoted(_ value: String) -> String {
        value.isEmpty || value.contains { $0 == " " || $0 == "\"" || $0 == "=" }
            ? "\"\(escaped(value).replacing("\"", with: "\\\""))\"" : escaped(value)
    }

    /// What comes from outside cannot start a new line or move a terminal's cursor.
    private static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar == "\n" ? "\\n" : scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
        }.joined()
    }
}
