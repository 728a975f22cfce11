"""Publishes messages as others do.

Usage: foreign_publisher.py pika|fedora_messaging URL FILE, where FILE holds a JSON list of {exchange, key, body, id?, headers}.
"""

import json
import sys


def with_pika(url, messages):
    import pika

    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    for exchange in {message["exchange"] for message in messages} - {"", "amq.topic"}:
        channel.exchange_declare(exchange, "topic", durable=True)
    channel.confirm_delivery()
    for message in messages:
        properties = pika.BasicProperties(
            content_type="application/json", delivery_mode=2, message_id=message.get("id"), headers=message["headers"] or None
        )
        channel.basic_publish(message["exchange"], message["key"], message["body"].encode(), properties)
    connection.close()


def with_fedora_messaging(url, messages):
    from fedora_messaging import api, config
    from fedora_messaging.message import Message

    for message in messages:
        config.conf.load_config()
        config.conf.update(
            {"amqp_url": url, "publish_exchange": message["exchange"], "topic_prefix": "", "passive_declares": True, "tls": {"ca_cert": None, "keyfile": None, "certfile": None}}
        )
        api.publish(Message(topic=message["key"], body=json.loads(message["body"]), headers=message["headers"] or None), timeout=30)


def main():
    with open(sys.argv[3]) as file:
        messages = json.load(file)
    {"pika": with_pika, "fedora_messaging": with_fedora_messaging}[sys.argv[1]](sys.argv[2], messages)


main()
