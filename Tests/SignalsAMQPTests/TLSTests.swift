import ServerSupport
import Signals
import TestSupport
import Testing

@testable import SignalsAMQP

@Suite(.timeLimit(.minutes(2))) struct TLSTests {
    private struct Listener {
        var broker: PrivateRabbitMQ
        var port: Int
        var certificates: TestCertificates
    }

    private func listener() async throws -> Listener {
        let broker = try await PrivateRabbitMQ.shared()
        return Listener(broker: broker, port: try #require(broker.tlsPort), certificates: try #require(broker.certificates))
    }

    private func expectHealthy(_ settings: AMQPSettings) async throws {
        let bell = try AMQPBell(settings: settings, logger: .quiet)
        try await withServices([bell]) { await bell.healthy() }
    }

    private func firstError(_ settings: AMQPSettings) async throws -> BrokerError? {
        let recorder = LogRecorder()
        let bell = try AMQPBell(settings: settings, logger: recorder.logger)
        let error = await #expect(throws: BrokerError.self) { try await bell.run() }
        if error == nil { Issue.record("\(recorder.lines.value)") }
        return error
    }

    @Test("A certificate of a known authority for the right name is accepted, and events and rings pass")
    func rightName() async throws {
        let listener = try await listener()
        let settings = try listener.broker.settings(
            url: "amqps://guest:guest@localhost:\(listener.port)?cacertfile=\(listener.certificates.authority)")
        try await expectHealthy(settings)
        let publisher = try AMQPEventPublisher(settings: settings, logger: .quiet)
        try await withServices([publisher]) {
            let events = (1...300).map { OutgoingEvent.numbered($0, size: $0 == 100 ? 500_000 : 500) }
            let outcomes = try await publisher.publish(events)
            #expect(outcomes == Array(repeating: .confirmed, count: 300))
        }
    }

    @Test("A certificate for another name is refused")
    func wrongName() async throws {
        let listener = try await listener()
        let error = try await firstError(
            listener.broker.settings(url: "amqps://guest:guest@127.0.0.1:\(listener.port)?cacertfile=\(listener.certificates.authority)"))
        #expect(error?.kind == .configuration)
        #expect(error?.description.contains("is not for the name 127.0.0.1") == true, "\(String(describing: error))")
    }

    @Test("A certificate of an unknown authority is refused, unless nobody wants to know")
    func unknownAuthority() async throws {
        let listener = try await listener()
        let url = "amqps://guest:guest@localhost:\(listener.port)?cacertfile=\(listener.certificates.strangeAuthority)"
        let error = try await firstError(listener.broker.settings(url: url))
        #expect(error?.kind == .configuration)
        #expect(error?.description.contains("not signed by an authority in \(listener.certificates.strangeAuthority)") == true)
        try await expectHealthy(listener.broker.settings(url: url + "&verify=verify_none"))
    }

    @Test("A client certificate logs in by its common name (SASL EXTERNAL), without a password")
    func external() async throws {
        let listener = try await listener()
        let broker = listener.broker
        let certificates = listener.certificates
        try await broker.ctl("add_user", TestCertificates.clientName, "unused")
        try await broker.ctl("set_permissions", TestCertificates.clientName, ".*", ".*", ".*")
        let url =
            "amqps://localhost:\(listener.port)?cacertfile=\(certificates.authority)&auth_mechanism=EXTERNAL"
            + "&certfile=\(certificates.client)&keyfile=\(certificates.clientKey)"
        try await expectHealthy(broker.settings(url: url))
        try await broker.ctl("delete_user", TestCertificates.clientName)
        let error = try await firstError(broker.settings(url: url))
        #expect(error?.kind == .configuration)
        #expect(error?.description.contains("refused the client certificate's user") == true, "\(String(describing: error))")
    }

    @Test("A file that holds no certificates is named")
    func brokenFile() async throws {
        let listener = try await listener()
        let error = try await firstError(
            listener.broker.settings(url: "amqps://guest:guest@localhost:\(listener.port)?cacertfile=\(listener.certificates.clientKey)"))
        #expect(error?.description.contains("holds no certificates in PEM") == true, "\(String(describing: error))")
    }

    @Test("TLS to a port that speaks none is one line")
    func noTLSThere() async throws {
        let listener = try await listener()
        let error = try await firstError(
            listener.broker.settings(url: "amqps://guest:guest@localhost:\(listener.broker.port)?cacertfile=\(listener.certificates.authority)"))
        #expect(error?.kind == .configuration)
    }
}
