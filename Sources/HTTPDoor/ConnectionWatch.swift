import NIOCore

/// Notices that the other side of a connection has gone while an answer to it is being waited for.
///
/// One sits in the pipeline of each connection that has ever waited; a half-closed connection counts as gone, since nobody here sends a request,
/// closes its side, and still wants the answer.
final class ConnectionWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private var closed = false
    private var onClose: (@Sendable () -> Void)?

    /// Replaces what to call when the connection goes; called at once when it has gone already. Only on the event loop.
    func setOnClose(_ action: (@Sendable () -> Void)?) {
        if closed { action?() } else { onClose = action }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    private func close() {
        closed = true
        let action = onClose
        onClose = nil
        action?()
    }
}

extension DoorContext {
    /// Calls `action` when the client goes away before `forgetClose` is called. A connection has one such action at a time.
    public func onClose(_ action: @escaping @Sendable () -> Void) {
        let channel = channel
        channel.eventLoop.execute {
            if let watch = try? channel.pipeline.syncOperations.handler(type: ConnectionWatch.self) {
                watch.setOnClose(action)
            } else if channel.isActive {
                let watch = ConnectionWatch()
                watch.setOnClose(action)
                // Fails only when the pipeline is being taken down, and then the connection has gone.
                do { try channel.pipeline.syncOperations.addHandler(watch, position: .first) } catch { action() }
            }
        }
    }

    public func forgetClose() {
        let channel = channel
        channel.eventLoop.execute { (try? channel.pipeline.syncOperations.handler(type: ConnectionWatch.self))?.setOnClose(nil) }
    }
}
