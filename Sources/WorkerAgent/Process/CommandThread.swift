import CProcess
import Domain
import Foundation

/// Runs one command on a thread of its own, which reads its output and keeps its time: nothing here may block the threads that tasks share.
///
/// The output goes to `output` in the order in which it was written, byte for byte. When that throws, the command is killed.
struct CommandThread {
    typealias Output = @Sendable (UnsafeRawBufferPointer) throws(OutputRefusal) -> Void

    /// Ends, when the command and all its descendants have.
    static func run(_ command: GuardedCommand, control: CommandControl, output: @escaping Output) async -> CommandResult {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                continuation.resume(returning: CommandThread(command: command, control: control, output: output).run())
            }
            thread.name = "doorbell-command"
            thread.stackSize = 512 << 10
            thread.start()
        }
    }

    private static let readSize = 256 << 10

    private let command: GuardedCommand
    private let control: CommandControl
    private let output: Output
    private let started = ContinuousClock.now

    private init(command: GuardedCommand, control: CommandControl, output: @escaping Output) {
        self.command = command
        self.control = control
        self.output = output
    }

    private func run() -> CommandResult {
        var guardian = doorbell_guard()
        let problem = spawn(&guardian)
        guard problem == 0 else { return result(.noProcess(problem)) }
        control.attach(lifeline: guardian.lifeline)
        let (ending, interruption) = watch(guardian)
        control.detach()
        close(guardian.lifeline)
        close(guardian.output)
        close(guardian.events)
        doorbell_guard_reap(guardian.process)
        return result(ending, interruption: interruption)
    }

    private func result(_ ending: CommandResult.Ending, interruption: Interruption? = nil) -> CommandResult {
        CommandResult(ending: ending, interruption: interruption, duration: ContinuousClock.now - started)
    }

    private func spawn(_ guardian: inout doorbell_guard) -> Int32 {
        let environment = command.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return withCStrings(command.arguments) { arguments in
            withCStrings(environment) { environment in
                command.program.withCString { program in
                    command.directory.withCString { directory in
                        var request = doorbell_guard_request()
                        request.program = program
                        request.arguments = arguments
                        request.environment = environment
                        request.directory = directory
                        request.input = -1
                        request.keep = command.keep
                        request.grace_ms = command.grace.wholeMilliseconds
                        request.leftover_grace_ms = command.leftoverGrace.wholeMilliseconds
                        return doorbell_guard_spawn(&request, &guardian)
                    }
                }
            }
        }
    }

    /// Reads until the guard is gone. A descendant that somebody else adopted may hold the output open; it is not waited for.
    private func watch(_ guardian: doorbell_guard) -> (CommandResult.Ending, Interruption?) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 16)
        defer { buffer.deallocate() }
        var ending: CommandResult.Ending?
        // What is asked once the command itself has ended comes too late to be why.
        var interruption: Interruption?
        var lastOutput = started
        var descriptors = [
            pollfd(fd: guardian.output, events: Int16(POLLIN), revents: 0), pollfd(fd: guardian.events, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            _ = poll(&descriptors, 2, ending == nil ? patience(lastOutput: lastOutput) : -1)
            if descriptors[0].revents != 0 {
                switch readOnce(guardian.output, into: buffer) {
                case .some(let count) where count > 0: lastOutput = .now
                case .some: descriptors[0].fd = -1
                case .none: break
                }
            }
            guard descriptors[1].revents != 0 else { continue }
            let isOpen = hear(guardian.events, &ending)
            if ending != nil, interruption == nil { interruption = control.interruption }
            if !isOpen { break }
        }
        while descriptors[0].fd >= 0, let count = readOnce(guardian.output, into: buffer), count > 0 {}
        return (ending ?? .guardLost, isOutputRefused ? control.interruption : interruption)
    }

    /// The bytes read and passed on; 0 at the end, nil when there is nothing now.
    private func readOnce(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        var count = -1
        repeat { count = read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
        guard count >= 0 else { return errno == EAGAIN ? nil : 0 }
        if count > 0, !isOutputRefused {
            do {
                try output(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } catch {
                control.interrupt(.outputRefused(error.number), kill: true)
            }
        }
        return count
    }

    private var isOutputRefused: Bool {
        if case .outputRefused = control.interruption { true } else { false }
    }

    /// False at the end of the events.
    private func hear(_ descriptor: Int32, _ ending: inout CommandResult.Ending?) -> Bool {
        var event = doorbell_guard_event()
        let count = read(descriptor, &event, MemoryLayout<doorbell_guard_event>.size)
        if count < 0 { return errno == EAGAIN || errno == EINTR }
        guard count == MemoryLayout<doorbell_guard_event>.size else { return false }
        switch doorbell_guard_event_kind(UInt32(bitPattern: event.kind)) {
        case DOORBELL_GUARD_NO_DIRECTORY: ending = .noDirectory(event.value)
        case DOORBELL_GUARD_NO_PROGRAM: ending = .noProgram(event.value)
        case DOORBELL_GUARD_NO_PROCESS: ending = .noProcess(event.value)
        case DOORBELL_GUARD_EXITED: ending = .exited(event.value)
        case DOORBELL_GUARD_SIGNALLED: ending = .signalled(event.value)
        default: break
        }
        return true
    }

    /// Milliseconds until the next limit, after asking the command to end when one is past; -1 for none.
    private func patience(lastOutput: ContinuousClock.Instant) -> Int32 {
        guard control.interruption == nil else { return -1 }
        let now = ContinuousClock.now
        var next: ContinuousClock.Instant?
        for (limit, since, reason) in [(command.timeout, started, Interruption.timeout), (command.idleTimeout, lastOutput, .idleTimeout)] {
            guard let limit else { continue }
            let end = since + limit
            if now >= end {
                control.interrupt(reason)
                return -1
            }
            next = min(next ?? end, end)
        }
        guard let next else { return -1 }
        return Int32(clamping: Int64((next - now).wholeMilliseconds) + 1)
    }
}

extension Duration {
    /// At least 0, at most some 49 days.
    var wholeMilliseconds: UInt32 { UInt32(clamping: microseconds / 1000) }
}

/// Texts as a null-terminated array of C strings, for the time of `body`.
private func withCStrings<Result>(_ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
    var pointers = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress.unsafelyUnwrapped) }
}
