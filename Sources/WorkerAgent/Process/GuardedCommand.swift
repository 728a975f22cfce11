/// A command as the guard starts it: nothing is searched, inherited or expanded.
struct GuardedCommand: Sendable {
    /// The path of the program.
    var program: String
    /// With the program's own name first.
    var arguments: [String]
    var environment: [String: String]
    var directory: String
    var timeout: Duration?
    /// The longest silence.
    var idleTimeout: Duration?
    /// What a command has, after it was asked to end, before it is killed.
    var grace: Duration = .seconds(5)
    /// What descendants have that the command leaves behind.
    var leftoverGrace: Duration = .seconds(1)
    /// A descriptor that the guard holds while anything is left of the command; -1 for none.
    var keep: Int32 = -1
}

/// How a command ended.
struct CommandResult: Hashable, Sendable {
    enum Ending: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        /// It never ran; the number is the errno.
        case noDirectory(Int32)
        case noProgram(Int32)
        case noProcess(Int32)
        /// The guard was killed from outside, and the command with it.
        case guardLost
    }

    var ending: Ending
    /// Why we ended it, when we did.
    var interruption: Interruption?
    var duration: Duration

    var succeeded: Bool { ending == .exited(0) && interruption == nil }
}

/// Why a command was ended before its time.
enum Interruption: Hashable, Sendable {
    case timeout
    case idleTimeout
    /// Its build was asked to end.
    case asked
    /// Its output could not be kept; the number is the errno.
    case outputRefused(Int32)
}
