import ServerSupport
import Signals
import SignalsAMQP
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct LogNoticesTests {
    let directory = TemporaryDirectory()

    @Test("Who shows logs hears of what others receive, with the last size; the own notices do not come back")
    func across() async throws {
        let settings = try await PrivateRabbitMQ.shared().settings()
        let dispatcher = try AMQPLogNotices(settings: settings, logger: .quiet)
        let web = try AMQPLogNotices(settings: settings, parts: [.listen], logger: .quiet)
        let heard = Watched<[LogNotice]>([])
        let own = Watched<[LogNotice]>([])
        let subscriptions = [
            web.listen { notice in heard.change { $0.append(notice) } }, dispatcher.listen { notice in own.change { $0.append(notice) } },
        ]
        try await withServices([dispatcher, web]) {
            // Until the queue of the web is bound nobody hears: it is told again and again.
            while heard.value.isEmpty {
                dispatcher.publish(LogNotice(build: 1, log: "1-unit", offset: 0, size: 10))
                try await Task.sleep(for: .milliseconds(100))
            }
            for size in 11...200 { dispatcher.publish(LogNotice(build: 2, log: "2-ünit test", offset: Int64(size) - 1, size: Int64(size))) }
            dispatcher.publish(LogNotice(build: 2, log: nil))
            await heard.wait { $0.contains(LogNotice(build: 2, log: nil)) && $0.contains { $0.build == 2 && $0.size == 200 } }
            let second = heard.value.filter { $0.build == 2 && $0.log == "2-ünit test" }
            #expect(second.count <= 3, "merged")
            #expect(second.first?.offset == 10)
            #expect(own.value.isEmpty)
        }
        for subscription in subscriptions { subscription.cancel() }
    }

    @Test("Anybody may read notices: JSON with offset and size, transient and short-lived")
    func message() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let settings = try broker.settings()
        let notices = try AMQPLogNotices(settings: settings, parts: [.publish], logger: .quiet)
        let publisher = try AMQPEventPublisher(settings: settings, logger: .quiet)
        try await withServices([notices, publisher]) {
            _ = try await publisher.publish([.numbered(0)])
            let consumer = try await ForeignConsumer(
                url: broker.url, exchange: "exchange/\(settings.prefix)/v1/logs", key: "7.#", in: directory.path)
            notices.publish(LogNotice(build: 7, log: "1-unit", offset: 5, size: 12))
            let message = try #require(try await consumer.messages(1).first)
            #expect(message.routingKey == "7.1-unit")
            #expect(message.deliveryMode == 1)
            #expect(message.contentType == "application/json")
            #expect(message.type == "log.notice.v1")
            #expect(message.body.contains(#""offset":5"#) && message.body.contains(#""size":12"#) && message.body.contains(#""version":1"#))
        }
    }
}
