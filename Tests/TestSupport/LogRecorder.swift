import Logging

/// Keeps log lines for a test to read, or to wait for.
public final class LogRecorder: Sendable {
    public struct Line: Sendable {
        public var level: Logger.Level
        public var metadata: Logger.Metadata
    }

    public let lines = Watched<[Line]>([])

    public init() {}

    public var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            recorder.lines.change { $0.append(Line(level: event.level, metadata: event.metadata ?? [:])) }
        }
    }
}
