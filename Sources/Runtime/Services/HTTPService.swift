import HTTPDoor
import Hummingbird
import Logging
import ServiceLifecycle

/// The HTTP listener of a process.
enum HTTPService {
    /// - Parameter onListening: called with the URL once the server listens.
    static func make(
        _ router: DoorRouter, _ settings: Settings, port: BoundPort, logger: Logger, onListening: @escaping @Sendable (String) -> Void
    ) -> some Service {
        var quiet = logger
        quiet.logLevel = max(quiet.logLevel, .warning)
        return Application(
            router: router, configuration: .init(address: .hostname(settings.listen.host, port: settings.listen.port), serverName: nil),
            onServerRunning: { channel in
                let number = channel.localAddress?.port ?? settings.listen.port
                onListening(settings.listen.url(port: number))
                port.set(number)
            },
            logger: quiet)
    }
}
