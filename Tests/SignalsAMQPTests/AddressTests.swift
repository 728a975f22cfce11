import ServerSupport
import Testing

@testable import SignalsAMQP

@Suite struct AddressTests {
    struct Good: Sendable, CustomTestStringConvertible {
        var url: String
        var shown: String
        var check: @Sendable (AMQPAddress) -> Bool
        var testDescription: String { url }

        init(_ url: String, _ shown: String, _ check: @escaping @Sendable (AMQPAddress) -> Bool = { _ in true }) {
            self.url = url
            self.shown = shown
            self.check = check
        }
    }

    @Test(
        "A broker's URL says where it is and how to log in, and its description everything but the password",
        arguments: [
            Good("amqp://localhost", "amqp://guest@localhost:5672/") { $0.virtualHost == "/" && $0.tls == nil && $0.heartbeat == 10 },
            Good("amqp://ci:s3cret@mq.example.org:5673/builds", "amqp://ci@mq.example.org:5673/builds") {
                $0.virtualHost == "builds" && $0.login == .password(user: "ci", AMQPPassword("s3cret"))
            },
            Good("amqp://ci:a%40b%3A%2F%25@h/%2F", "amqp://ci@h:5672/") { $0.login == .password(user: "ci", AMQPPassword("a@b:/%")) },
            Good("amqp://ci:a@b@h/", "amqp://ci@h:5672/") { $0.login == .password(user: "ci", AMQPPassword("a@b")) },
            Good("amqp://ci@h/%2Fnested", "amqp://ci@h:5672//nested") { $0.virtualHost == "/nested" },
            Good("amqp://[::1]:5999/", "amqp://guest@[::1]:5999/") { $0.host == "::1" && $0.port == 5999 },
            Good("amqp://h?heartbeat=3&connection_timeout=1500", "amqp://guest@h:5672/") {
                $0.heartbeat == 3 && $0.connectionTimeout == .milliseconds(1500)
            },
            Good("amqps://h?verify=verify_none", "amqps://guest@h:5671/") { $0.tls?.isVerified == false },
        ])
    func good(_ good: Good) throws {
        let address = try AMQPAddress(good.url)
        #expect(address.description == good.shown)
        #expect(good.check(address))
    }

    @Test(
        "A typo is one line that says what to do",
        arguments: [
            ("", "neither amqp:// nor amqps://"), ("http://h", "neither amqp:// nor amqps://"), ("amqp://", "no host"), ("amqp://u:p@", "no host"),
            ("amqp://h:port", "a port from 1 to 65535"), ("amqp://h:0", "a port"), ("amqp://h:65536", "a port"), ("amqp://h/a/b", "%2F"),
            ("amqp://:p@h", "no user"), ("amqp://u:%4@h", "two hex digits"), ("amqp://u:%00@h", "UTF-8"), ("amqp://u:%FF@h", "UTF-8"),
            ("amqp://h /", "spaces"), ("amqp://h?hartbeat=3", "did you mean heartbeat?"), ("amqp://h?heartbeat=0", "from 1 to 3600"),
            ("amqp://h?heartbeat", "no value"), ("amqp://h?heartbeat=1&heartbeat=2", "twice"), ("amqp://h?verify=verify_none", "is for amqps://"),
            ("amqps://h?cacertfile=/nowhere/ca.pem", "no file that can be read"), ("amqps://h?verify=yes", "verify_peer nor verify_none"),
            ("amqps://h?certfile=/dev/null", "go together"), ("amqp://h?auth_mechanism=EXTERNAL", "needs amqps://"),
            ("amqp://h?auth_mechanism=DIGEST", "neither PLAIN nor EXTERNAL"),
            ("amqps://u:p@h?auth_mechanism=EXTERNAL&certfile=/dev/null&keyfile=/dev/null", "leave user and password out"),
        ])
    func bad(url: String, says: String) throws {
        let error = try #require(throws: BrokerError.self) { try AMQPAddress(url) }
        #expect(error.kind == .configuration)
        #expect(error.description.contains(says), "\(error)")
        #expect(error.description.hasPrefix("DOORBELL_AMQP_URL: "))
        #expect(!error.description.contains("\n"))
    }

    @Test(
        "The password is in no description, dump or error",
        arguments: [
            "amqp://ci:s3cret@h", "amqp://ci:s3cret@h:x", "amqp://ci:1/s3cret@h", "amqp://ci:1?s3cret%@h", "amqp://ci:1?s3cret@h=1",
            "amqp://ci:s3cret%4@h", "amqp://ci:s3cret", "amqp://ci:s3cret@h/a/b", "amqp://ci:s3cret@h?x=1",
        ])
    func secret(url: String) {
        do {
            let address = try AMQPAddress(url)
            var dumped = ""
            dump(address, to: &dumped)
            for text in [dumped, address.description, "\(address.login)", String(reflecting: address)] { #expect(!text.contains("s3cret")) }
        } catch {
            #expect(!error.description.contains("s3cret"), "\(error)")
        }
    }

    @Test("Several brokers are separated by commas and tried in their order")
    func several() throws {
        let settings = try AMQPSettings(url: "amqp://one,amqps://two:7000/v,amqp://three")
        #expect(settings.brokers.map(\.host) == ["one", "two", "three"])
        #expect(throws: BrokerError.self) { try AMQPSettings(url: "amqp://one,,amqp://two") }
    }

    @Test("A prefix is a name, and declaration active or passive", arguments: ["", "a b", "a/b", "ä", String(repeating: "a", count: 65)])
    func prefix(prefix: String) {
        #expect(throws: BrokerError.self) { try AMQPSettings(url: "amqp://h", prefix: prefix) }
        #expect(throws: BrokerError.self) { try AMQPSettings(url: "amqp://h", declaration: "none") }
    }
}
