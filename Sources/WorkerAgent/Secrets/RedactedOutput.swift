import Synchronization

/// Passes a command's output on without the secrets in it.
final class RedactedOutput: Sendable {
    /// Nil: there is nothing to keep out.
    private let redactor: Mutex<Redactor?>
    private let isPlain: Bool
    private let output: CommandThread.Output

    convenience init(secrets: [String], output: @escaping CommandThread.Output) {
        self.init(Redactor(secrets), output: output)
    }

    init(_ redactor: sending Redactor?, output: @escaping CommandThread.Output) {
        isPlain = redactor == nil
        self.redactor = Mutex(redactor)
        self.output = output
    }

    func take(_ bytes: UnsafeRawBufferPointer) throws(OutputRefusal) {
        guard !isPlain else { return try output(bytes) }
        try redactor.withLock { $0?.take(bytes) ?? [] }.pass(to: output)
    }

    /// Passes on what was held back for what might have followed.
    func finish() throws(OutputRefusal) {
        try redactor.withLock { $0?.finish() ?? [] }.pass(to: output)
    }
}
