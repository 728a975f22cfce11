import Foundation
import ProcessSupport
import ServerSupport
import TestSupport

/// A consumer in another language, with a client that we did not write: records every event of the deployment from a durable quorum queue.
struct EventConsumer {
    private let process: RunningProcess
    private let path: String

    /// One line for each delivery: message id, entity, id, version.
    private static let program = #"""
        import json, sys, time
        import pika

        url, path = sys.argv[1:3]
        out = open(path, "a", buffering=1)


        def deliver(channel, method, properties, body):
            event = json.loads(body)
            entity = event["entity"]
            out.write("%s %s %d %d\n" % (properties.message_id, entity["kind"], entity["id"], entity["version"]))
            channel.basic_ack(method.delivery_tag)


        while True:
            try:
                connection = pika.BlockingConnection(pika.URLParameters(url))
                channel = connection.channel()
                channel.queue_declare("queue/faults/all", durable=True, arguments={"x-queue-type": "quorum"})
                channel.queue_bind("queue/faults/all", "exchange/doorbell/v1/events", "#")
                channel.basic_qos(prefetch_count=200)
                channel.basic_consume("queue/faults/all", deliver)
                print("consuming", flush=True)
                channel.start_consuming()
            except Exception as error:
                print("again after", type(error).__name__, flush=True)
                time.sleep(0.5)
        """#

    init(broker: String, directory: String) async throws {
        path = directory + "/events"
        let program = directory + "/consumer.py"
        try Self.program.write(toFile: program, atomically: true, encoding: .utf8)
        // Debian's python3 has Debian's pika.
        process = try RunningProcess("/usr/bin/python3", [program, broker, path], in: directory, logs: directory, name: "consumer")
        let deadline = ContinuousClock.now + .seconds(60)
        while !process.output.contains("consuming") {
            guard ContinuousClock.now < deadline, !process.hasEnded else { throw EndedEarly(output: process.output + process.errorOutput) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    struct Delivery: Hashable {
        var message: String
        var entity: String
        var version: Int64
    }

    /// What arrived so far, repeats included, in order.
    var deliveries: [Delivery] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 4, let version = Int64(words[3]) else { return nil }
            return Delivery(message: String(words[0]), entity: "\(words[1]) \(words[2])", version: version)
        }
    }

    func stop() async {
        process.send(SIGTERM)
        _ = await process.status(within: .seconds(10))
    }
}
