import NIOCore
import NIOEmbedded

/// A connection to nowhere, for contexts that need one.
enum EmbeddedConnection {
    static func make() -> any Channel { NIOAsyncTestingChannel() }
}
