import Runtime

/// A command that could not do what it was asked: one or two lines for standard error, and the status to end with.
struct CommandFailure: Error {
    /// The exit statuses of sysexits(3) that this program uses.
    enum Status: Int32 {
        case usage = 64
        case data = 65
        case unavailable = 69
        case internalError = 70
        case tryAgain = 75
        case configuration = 78
    }

    var status: Status
    var message: String

    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }
}

enum StandardError {
    static func write(_ text: String) { Console.error.write(text) }
}

enum StandardOutput {
    static func write(_ text: String) { Console.output.write(text) }

    /// False when nobody reads any more: what would follow need not be fetched.
    static func write(_ bytes: [UInt8]) -> Bool { Console.output.write(bytes) }

    static var isTerminal: Bool { Console.output.isTerminal }
}
