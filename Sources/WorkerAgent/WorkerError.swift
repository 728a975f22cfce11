/// Why a worker cannot work, for the person who started it.
public struct WorkerError: Error, Hashable, CustomStringConvertible {
    public enum Code: String, Hashable, Sendable {
        case invalidConfiguration = "invalid_configuration"
        case directoryInUse = "directory_in_use"
        case directoryUnusable = "directory_unusable"
        /// The dispatcher speaks another version of the protocol, or refuses the worker itself.
        case refused
        /// A newer worker has the same name.
        case superseded
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// After sysexits.h: 78 configuration, 75 try again, 73 cannot create.
    public var exitStatus: Int32 {
        switch code {
        case .invalidConfiguration, .refused, .superseded: 78
        case .directoryInUse: 75
        case .directoryUnusable: 73
        }
    }
}
