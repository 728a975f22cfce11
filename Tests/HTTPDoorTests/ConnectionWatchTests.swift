import Hummingbird
import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPDoor

@Suite struct ConnectionWatchTests {
    private func context(_ channel: any Channel) -> DoorContext {
        DoorContext(source: ApplicationRequestContextSource(channel: channel, logger: .init(label: "test")))
    }

    @Test("A client that goes away is noticed, also when it only closes its side", arguments: [true, false])
    func closing(half: Bool) async throws {
        let channel = NIOAsyncTestingChannel()
        try await channel.connect(to: .init(ipAddress: "127.0.0.1", port: 1)).get()
        let box = Box<Bool>()
        context(channel).onClose { box.set(true) }
        await channel.testingEventLoop.run()
        #expect(box.value == nil)
        if half {
            channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
            await channel.testingEventLoop.run()
        } else {
            try await channel.close()
        }
        await channel.testingEventLoop.run()
        #expect(box.value == true)
    }

    @Test("After its answer, nobody is told of a connection's end")
    func forgotten() async throws {
        let channel = NIOAsyncTestingChannel()
        try await channel.connect(to: .init(ipAddress: "127.0.0.1", port: 1)).get()
        let box = Box<Bool>()
        let context = context(channel)
        context.onClose { box.set(true) }
        context.forgetClose()
        await channel.testingEventLoop.run()
        try await channel.close()
        await channel.testingEventLoop.run()
        #expect(box.value == nil)
    }
}
