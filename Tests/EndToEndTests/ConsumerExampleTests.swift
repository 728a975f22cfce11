import Foundation
import ProcessSupport
import ServerSupport
import TestSupport
import Testing

/// The programs of examples/consumers, each in its language, beside a real broker and a real `doorbell up`.
@Suite(.timeLimit(.minutes(5))) struct ConsumerExampleTests {
    private static let examples = DocumentTests.top + "/examples/consumers"
    private let directory = TemporaryDirectory()

    /// A consumer under way: what it prints is read line by line.
    private func consumer(_ name: String, _ program: [String], _ environment: [String: String]) throws -> RunningProcess {
        try RunningProcess(
            "/usr/bin/env", program, in: Self.examples, environment: environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { first, _ in first },
            logs: directory.path, name: name)
    }

    private func lines(_ consumer: RunningProcess, _ api: API, _ enough: @escaping @Sendable (String) -> Bool) async throws -> String {
        let found = try? await api.poll { () -> String? in
            let output = consumer.output
            return enough(output) || consumer.hasEnded ? output : nil
        }
        guard let found, enough(found) else { throw EndedEarly(output: consumer.output + consumer.errorOutput) }
        return found
    }

    @Test("Python, PHP and the shell read the same events; what they cannot read is set aside; what happens while they are away is read after")
    func examples() async throws {
        let broker = try await PrivateRabbitMQ.start()
        let database = try await PrivatePostgres.shared().newDatabase()
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                builders:
                  - {name: test, steps: [{name: hello, run: "echo hello"}]}
                """)
        let up = try await deployment.start(environment: ["DOORBELL_DATABASE_URL": database, "DOORBELL_AMQP_URL": broker.url])
        let api = deployment.api
        // The library of amqp-tools takes an address that ends in a slash for one of a virtual host without a name.
        let address = broker.url.hasSuffix("/") ? broker.url + "%2F" : broker.url
        let environment = ["AMQP_URL": address, "DOORBELL_URL": deployment.url]

        let python = try consumer("python", ["/usr/bin/python3", "follow.py", "queue/python"], environment)
        let php = try consumer("php", ["php", "follow.php", "queue/php"], environment)
        let shell = try consumer("shell", ["./follow.sh", "queue/shell", "build.finished.#", "cat"], environment)
        let copy = try consumer("copy", ["/usr/bin/python3", "resync.py", "queue/copy"], environment)
        let all = [python, php, shell, copy]
        defer { for process in all { process.send(SIGTERM) } }
        _ = try await lines(copy, api) { $0.contains("read 0\n") }
        for queue in ["queue/python", "queue/php", "queue/shell"] { try await bound(queue, address, all) }

        try await publish("not JSON", address)
        try await build(1, deployment)
        let line = "build.finished test main success /api/v1/builds/1\n"
        #expect(try await lines(python, api) { $0.hasSuffix("/api/v1/builds/1\n") } == line)
        #expect(try await lines(php, api) { $0.hasSuffix("/api/v1/builds/1\n") } == line)
        _ = try await lines(shell, api) { $0.contains(#""event":"build.finished""#) }
        _ = try await lines(copy, api) { $0.contains("build 1 success\n") }
        for queue in ["queue/python/dead", "queue/php/dead"] { #expect(try await taken(queue, address) == "not JSON") }

        // Away and back.
        python.send(SIGTERM)
        _ = await python.status()
        try await build(2, deployment)
        let again = try consumer("again", ["/usr/bin/python3", "follow.py", "queue/python"], environment)
        defer { again.send(SIGTERM) }
        #expect(try await lines(again, api) { $0.hasSuffix("\n") } == "build.finished test main success /api/v1/builds/2\n")
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("`events explain` takes a key apart and says who gets it; `events tail` prints what happens, and nothing else")
    func explained() async throws {
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                builders:
                  - {name: test, steps: [{name: hello, run: "echo hello"}]}
                consumers:
                  - {name: board, queue: queue/board, keys: ["request.#", "build.finished.*.*.test.#"]}
                  - {name: pager, queue: queue/pager, keys: ["worker.lost.#"]}
                """)
        let up = try await deployment.start()
        func explain(_ key: String) async throws -> (status: Int32, output: String) {
            let answer = try await deployment.command("events", "explain", key)
            return (answer.status, answer.output + answer.error)
        }
        let known = try await explain("build.finished.demo.release~2F1.test.mill.success.17")
        #expect(known.status == 0)
        #expect(known.output.contains("branch   release/1\n") && known.output.contains("verb     finished\n"))
        #expect(known.output.contains("board (queue/board): gets it, by build.finished.*.*.test.#\n"))
        #expect(known.output.contains("pager (queue/pager): does not get it: none of worker.lost.# matches\n"))
        let pattern = try await explain("*.finished.#")
        #expect(pattern.output == "matches: buildset.finished, request.finished, build.finished, step.finished\n")
        let misspelt = try await explain("build.finnished.#")
        #expect(misspelt.output == "matches: nothing\nnote: no event of this deployment has a key that matches\n")
        let unknown = try await explain("build.finnished.a.b.c.d.e.1")
        #expect(unknown.output.contains("note: there is no event build.finnished\n"))
        let short = try await explain("build.finished")
        #expect(short.output.contains("end a pattern with #"))
        let long = try await explain(String(repeating: "a", count: 256))
        #expect(long.status == 64)

        let tail = try RunningProcess(
            Binaries.doorbell, ["events", "tail", "--url", deployment.url, "--key", "build.finished.#", "--key", "worker.#"], in: directory.path,
            logs: directory.path, name: "tail")
        defer { tail.send(SIGTERM) }
        try await build(1, deployment)
        var number = 1
        // Until it is connected it hears nothing.
        while tail.output.isEmpty {
            number += 1
            try await build(number, deployment)
        }
        let lines = tail.output.split(separator: "\n")
        #expect(lines.allSatisfy { $0.contains("  build.finished  build ") && $0.contains("builder=test") })
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("Each example is short, and says in its first lines what it is and what it needs")
    func short() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.examples)
        #expect(names.sorted() == ["follow.php", "follow.py", "follow.sh", "resync.py"])
        for name in names {
            let lines = try String(contentsOfFile: "\(Self.examples)/\(name)", encoding: .utf8).split(separator: "\n")
            #expect(
                lines.count < 60 && lines.prefix(6).contains { $0.contains("AMQP_URL") } && lines.prefix(6).contains { $0.contains("Needs") },
                "\(name)")
        }
    }

    /// Forces a build, and waits for its end: there are so many then.
    private func build(_ count: Int, _ deployment: Deployment) async throws {
        let forced = try await deployment.command("force", "test", "--repository", "https://git.example/shop.git", "--branch", "main")
        #expect(forced.status == 0, "\(forced.error)")
        _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=finished").count == count ? true : nil }
    }

    private static let library =
        "import pika, os, sys, time\nchannel = pika.BlockingConnection(pika.URLParameters(os.environ['AMQP_URL'])).channel()\n"

    /// Waits until somebody reads a queue, which is after it was bound.
    private func bound(_ queue: String, _ url: String, _ all: [RunningProcess]) async throws {
        let script =
            Self.library + """
                while True:
                    try:
                        if channel.queue_declare(sys.argv[1], passive=True).method.consumer_count: break
                    except pika.exceptions.ChannelClosedByBroker:
                        channel = channel.connection.channel()
                    time.sleep(0.05)
                """
        let process = try consumer("bound-\(UUID().uuidString)", ["/usr/bin/python3", "-c", script, queue], ["AMQP_URL": url])
        let status = await process.status()
        #expect(status == 0, "\(queue): \(process.errorOutput) \(all.map(\.errorOutput))")
    }

    private func publish(_ text: String, _ url: String) async throws {
        let script = Self.library + "channel.basic_publish('exchange/doorbell/v1/events', 'build.finished._', sys.argv[1])"
        let process = try consumer("publish", ["/usr/bin/python3", "-c", script, text], ["AMQP_URL": url])
        #expect(await process.status() == 0, "\(process.errorOutput)")
    }

    /// The oldest message of a queue.
    private func taken(_ queue: String, _ url: String) async throws -> String {
        let script =
            Self.library + """
                while True:
                    method, properties, body = channel.basic_get(sys.argv[1], auto_ack=True)
                    if method: break
                    time.sleep(0.05)
                print(body.decode(), end="")
                """
        let process = try consumer("taken-\(UUID().uuidString)", ["/usr/bin/python3", "-c", script, queue], ["AMQP_URL": url])
        #expect(await process.status() == 0, "\(process.errorOutput)")
        return process.output
    }
}
