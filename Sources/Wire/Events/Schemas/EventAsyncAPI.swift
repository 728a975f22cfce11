import Domain

/// The AsyncAPI 3 document of what is published over AMQP, for those who generate documentation or clients.
public enum EventAsyncAPI {
    public static var document: JSONValue {
        [
            "asyncapi": "3.0.0",
            "info": [
                "title": "Doorbell's events", "version": "1",
                "description":
                    "Every state change of a deployment, published once its transaction has committed, in order for each entity, at least once.",
                "license": ["name": "Apache-2.0"],
            ],
            "defaultContentType": "application/json",
            "servers": ["broker": ["host": "localhost:5672", "protocol": "amqp", "description": "The RabbitMQ of the deployment."]],
            "channels": ["events": channel],
            "operations": [
                "publishEvents": [
                    "action": "send", "channel": ["$ref": "#/channels/events"],
                    "summary": "Doorbell publishes; bind a queue of your own to the exchange.",
                    "bindings": ["amqp": ["deliveryMode": 2, "mandatory": false, "timestamp": true, "bindingVersion": "0.3.0"]],
                ]
            ],
            "components": [
                "messages": .object(Dictionary(uniqueKeysWithValues: EventEntry.all.map { ($0.kind.rawValue, message($0)) })),
                "schemas": ["headers": headers],
            ],
        ]
    }

    private static var channel: JSONValue {
        [
            "address": .string(EventReference.words.map { "{\($0)}" }.joined(separator: ".")),
            "description": "The eight words of the routing key; what an event does not have is `_`. End patterns with `#`, since keys may grow.",
            "parameters": .object(
                Dictionary(uniqueKeysWithValues: EventReference.words.map { ($0, ["description": .string("The \($0), or `_`.")]) })),
            "messages": .object(
                Dictionary(
                    uniqueKeysWithValues: EventEntry.all.map { ($0.kind.rawValue, ["$ref": .string("#/components/messages/\($0.kind.rawValue)")]) })),
            "bindings": [
                "amqp": [
                    "is": "routingKey",
                    "exchange": ["name": .string(EventReference.exchange), "type": "topic", "durable": true, "autoDelete": false, "vhost": "/"],
                    "bindingVersion": "0.3.0",
                ]
            ],
        ]
    }

    private static func message(_ entry: EventEntry) -> JSONValue {
        [
            "name": .string(entry.kind.rawValue), "title": .string(entry.kind.rawValue), "summary": .string(entry.summary),
            "contentType": "application/json",
            "headers": ["$ref": "#/components/schemas/headers"],
            "payload": [
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": ["$ref": .string("events/v1/\(entry.kind.rawValue).json")],
            ],
            "bindings": ["amqp": ["contentEncoding": "utf-8", "messageType": .string(entry.type), "bindingVersion": "0.3.0"]],
        ]
    }

    private static var headers: JSONValue {
        .object(
            SchemaField.object([
                .init("cloudEvents_specversion", SchemaValue.constant("1.0"), "CloudEvents 1.0 in binary mode."),
                .init("cloudEvents_id", SchemaValue.uuid, "The event's id, as in the body."),
                .init("cloudEvents_source", SchemaValue.text, "The deployment, as `urn:uuid:…`."),
                .init("cloudEvents_type", SchemaValue.text, "The event's name and version, such as `build.finished.v1`."),
                .init("cloudEvents_subject", SchemaValue.text, "The entity, such as `build/17`."),
                .init("cloudEvents_time", SchemaValue.time, "When it happened."),
                .init("cloudEvents_dataschema", SchemaValue.text, "The `$id` of the schema of the body."),
                .init("cloudEvents_sequence", SchemaValue.text, "The sequence with leading zeros, ordered as text."),
                .init("cloudEvents_entityversion", SchemaValue.id, "The entity's version, as in the body."),
                .init("traceparent", SchemaValue.text, "W3C Trace Context: the chain is the trace.", isAlways: false),
            ]))
    }
}
