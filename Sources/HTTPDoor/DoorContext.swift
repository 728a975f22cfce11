import Domain
import Hummingbird
import NIOCore

/// What a handler knows about its request besides the request: the connection it came by, and who asks.
public struct DoorContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    public let channel: any Channel
    /// Set by the gate before a handler sees it.
    public var principal = Principal.nobody

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

public typealias DoorRouter = Router<DoorContext>
