#!/usr/bin/env python3
"""Keep a copy of all builds without a gap: AMQP_URL=amqp://… DOORBELL_URL=http://… python3 resync.py QUEUE

Needs pika. Reads the state once over HTTP, then applies events by version; a hole in the versions of a build is mended by reading that build again.
"""
import json
import os
import sys
import urllib.request

import pika

EVENTS = "exchange/doorbell/v1/events"
server, queue = os.environ["DOORBELL_URL"], sys.argv[1]
copy, versions = {}, {}


def read(path):
    with urllib.request.urlopen(server + path) as answer:
        return json.load(answer)


channel = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])).channel()
channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
for pattern in ("build.#", "step.#", "log.#"):  # all that is counted as versions of a build
    channel.queue_bind(queue, EVENTS, pattern)
# The queue first, the state after: what happens in between is in both, and never in neither.
path = "/api/v1/builds?limit=200"
while path:
    page = read(path)
    copy.update((build["id"], build["outcome"] if "outcome" in build else build["phase"]) for build in page["items"])
    path = page.get("next") and "/api/v1/builds?limit=200&after=" + page["next"]
print("read", len(copy), flush=True)

for method, properties, body in channel.consume(queue):
    try:
        event = json.loads(body)
        build, version = event["entity"]["id"], event["entity"]["version"]
    except (ValueError, KeyError, TypeError):  # nothing of ours: follow.py keeps such messages
        channel.basic_reject(method.delivery_tag, requeue=False)
        continue
    last = versions.get(build)
    if last is None or version > last + 1:  # the first that is heard of it, or something was missed
        document = read(event["links"]["self"])
        copy[build] = document.get("outcome") or document["phase"]
    elif version == last + 1 and event["event"].startswith("build."):
        copy[build] = event["data"].get("outcome") or event["data"]["phase"]
    versions[build] = max(version, last or 0)
    print("build", build, copy[build], flush=True)
    channel.basic_ack(method.delivery_tag)
