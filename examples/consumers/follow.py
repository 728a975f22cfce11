#!/usr/bin/env python3
"""Print every build that ends: AMQP_URL=amqp://… python3 follow.py QUEUE [PATTERN]

Needs pika (Debian: python3-pika). The queue is durable: what happens while this program is away waits there.
"""
import json
import os
import sys

import pika

EVENTS = "exchange/doorbell/v1/events"
queue = sys.argv[1]
pattern = sys.argv[2] if len(sys.argv) > 2 else "build.finished.#"

channel = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])).channel()
# What this program cannot read goes to a queue of its own, instead of coming back for ever.
channel.queue_declare(queue + "/dead", durable=True, arguments={"x-queue-type": "quorum"})
channel.queue_declare(queue, durable=True, arguments={
    "x-queue-type": "quorum", "x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue + "/dead"})
channel.queue_bind(queue, EVENTS, pattern)
channel.basic_qos(prefetch_count=100)

versions = {}  # of each entity, the version that was seen last; a program that must never err keeps this in its database
for method, properties, body in channel.consume(queue):
    try:
        event = json.loads(body)
        entity, data = event["entity"], event["data"]
        key = (event["epoch"], entity["kind"], entity["id"])
    except (ValueError, KeyError, TypeError):
        channel.basic_reject(method.delivery_tag, requeue=False)
        continue
    if entity["version"] > versions.get(key, 0):  # else it is a repeat
        versions[key] = entity["version"]
        print(event["event"], data.get("builder", "-"), data.get("branch", "-"), data.get("outcome", "-"), event["links"]["self"], flush=True)
    channel.basic_ack(method.delivery_tag)  # after the work: a crash before it brings the event again
