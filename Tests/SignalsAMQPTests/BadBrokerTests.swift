import BellConformance
import Foundation
import ServerSupport
import Signals
import TestSupport
import Testing

@testable import SignalsAMQP

/// What somebody has to put right before Doorbell can use a broker: one line at the start, not a stack of retries.
@Suite(.timeLimit(.minutes(2))) struct BadBrokerTests {
    private func firstError(_ settings: AMQPSettings) async throws -> BrokerError? {
        let bell = try AMQPBell(settings: settings, logger: .quiet)
        return await #expect(throws: BrokerError.self) { try await bell.run() }
    }

    private func expect(_ error: BrokerError?, says text: String) {
        #expect(error?.kind == .configuration)
        #expect(error?.description.contains(text) == true, "\(String(describing: error))")
        #expect(error?.description.contains("\n") == false)
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test("A wrong password ends the start")
    func password() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let settings = try broker.settings(url: "amqp://guest:s3cret@127.0.0.1:\(broker.port)")
        expect(try await firstError(settings), says: "refused the password of the user guest")
        let publisher = try AMQPEventPublisher(settings: settings, logger: .quiet)
        expect(await #expect(throws: BrokerError.self) { try await publisher.run() }, says: "refused the password")
        await #expect(throws: PublishInterrupted.self) { try await publisher.publish([.numbered(1)]) }
    }

    @Test("A virtual host that is not there ends the start")
    func virtualHost() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        expect(
            try await firstError(broker.settings(url: "amqp://guest:guest@127.0.0.1:\(broker.port)/nowhere")), says: "the virtual host nowhere")
    }

    @Test("An exchange of another type ends the start")
    func otherType() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let settings = try broker.settings()
        let name = Topology(settings).exchange(.wake)
        let connection = try AMQPConnection(to: settings.brokers[0], name: "test")
        try connection.declare(Topology.Exchange(role: .wake, name: name, kind: "fanout"), isPassive: false)
        connection.close()
        expect(try await firstError(settings), says: "\(name) exists")
    }

    @Test("Where exchanges are only checked, one that is missing ends the start")
    func missing() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let settings = try broker.settings(declaration: "passive")
        expect(try await firstError(settings), says: "has no exchange \(Topology(settings).exchange(.wake))")
    }

    /// A user with these rights on the names of a prefix; its password is `s3cret`.
    private func user(on broker: PrivateRabbitMQ, _ settings: AMQPSettings, configure: String) async throws -> String {
        let name = "limited-\(UUID().uuidString.lowercased().prefix(8))"
        try await broker.ctl("add_user", name, "s3cret")
        let own = "^(exchange|queue)/\(settings.prefix)/.*"
        try await broker.ctl("set_permissions", name, configure, own, own)
        return "amqp://\(name):s3cret@127.0.0.1:\(broker.port)"
    }

    @Test("A user who may not declare exchanges has a bell and events with DOORBELL_AMQP_DECLARE=passive, and is told so without")
    func noRights() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let settings = try broker.settings()
        // Somebody else declares them.
        let owner = try AMQPEventPublisher(settings: settings, logger: .quiet)
        try await withServices([owner]) { _ = try await owner.publish([.numbered(0)]) }
        let url = try await user(on: broker, settings, configure: "^queue/\(settings.prefix)/.*")
        expect(try await firstError(broker.settings(url: url, prefix: settings.prefix)), says: "DOORBELL_AMQP_DECLARE=passive")
        let passive = try broker.settings(url: url, prefix: settings.prefix, declaration: "passive")
        let here = try AMQPBell(settings: passive, logger: .quiet)
        let there = try AMQPBell(settings: passive, logger: .quiet)
        let publisher = try AMQPEventPublisher(settings: passive, logger: .quiet)
        try await withServices([here, there, publisher]) {
            await here.healthy()
            await there.healthy()
            let heard = Flag()
            let subscription = there.listen(to: .relay) { heard.raise() }
            here.ring(.relay)
            await heard.wait()
            subscription.cancel()
            let outcomes = try await publisher.publish([.numbered(1)])
            #expect(outcomes == [.confirmed])
        }
    }

    @Test("A user who may not even make a queue of its own is told which rights it lacks")
    func noQueue() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let settings = try broker.settings()
        let owner = try AMQPEventPublisher(settings: settings, logger: .quiet)
        try await withServices([owner]) { _ = try await owner.publish([.numbered(0)]) }
        let url = try await user(on: broker, settings, configure: "^$")
        expect(
            try await firstError(broker.settings(url: url, prefix: settings.prefix, declaration: "passive")),
            says: "\"queue/\(settings.prefix)/v1/wake/\"")
    }

    @Test("A list of brokers is gone through to the first that answers")
    func list() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let proxy = try FaultProxy(to: broker.port)
        proxy.stop()
        let bell = try AMQPBell(settings: broker.settings(url: "amqp://127.0.0.1:\(proxy.port),\(broker.url)"), logger: .quiet)
        try await withServices([bell]) { await bell.healthy() }
    }
}
