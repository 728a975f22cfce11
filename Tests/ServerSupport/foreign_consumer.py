"""A consumer in another language: prints each message of one queue as a line of JSON, with all of its properties.

Usage: foreign_consumer.py URL JSON, where JSON has exchange, key, queue ("" for one that vanishes with this program), arguments, and consume.
The first line is {"ready": "<queue>"}.
"""

import json
import sys

import pika


def main():
    parameters = pika.URLParameters(sys.argv[1])
    wanted = json.loads(sys.argv[2])
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    own = wanted["queue"] == ""
    queue = channel.queue_declare(
        wanted["queue"], durable=not own, exclusive=own, auto_delete=own, arguments=wanted["arguments"]
    ).method.queue
    if wanted["exchange"]:
        channel.queue_bind(queue, wanted["exchange"], wanted["key"])
    print(json.dumps({"ready": queue}), flush=True)
    if not wanted["consume"]:
        return
    channel.basic_qos(prefetch_count=500)
    for method, properties, body in channel.consume(queue):
        names = ("content_type", "content_encoding", "delivery_mode", "message_id", "type", "app_id", "correlation_id", "expiration", "timestamp")
        line = {name: getattr(properties, name) for name in names}
        line["headers"] = properties.headers or {}
        line["exchange"] = method.exchange
        line["routing_key"] = method.routing_key
        line["body"] = body.decode("utf-8", "replace")
        print(json.dumps(line), flush=True)
        channel.basic_ack(method.delivery_tag)


main()
