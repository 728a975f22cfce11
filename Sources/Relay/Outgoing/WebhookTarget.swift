import Domain
import Foundation
import Storage
import Wire

/// Sends events to an endpoint of the configuration: the envelope as on AMQP, signed as Standard Webhooks say, with the headers of CloudEvents in binary mode.
struct WebhookTarget: EventTarget {
    let webhook: Webhook
    private let patterns: [TopicPattern]
    private let message: EventMessage
    private let post: OutgoingPost

    init(_ webhook: Webhook, deployment: String, post: OutgoingPost) {
        self.webhook = webhook
        patterns = webhook.keys.compactMap { TopicPattern($0) }
        message = EventMessage(deployment: deployment)
        self.post = post
    }

    var name: String { webhook.name }

    func order(of event: EventRecord) -> String? {
        guard patterns.contains(where: { $0.matches(event.routingKey) }) else { return nil }
        return "\(event.entity.rawValue)/\(event.entityID)"
    }

    func send(_ event: EventRecord) async -> SendResult {
        var secrets: [WebhookSecret] = []
        for reference in webhook.secrets {
            guard let secret = WebhookSecret.read(reference) else {
                return .failed(status: nil, reason: "a secret of it is not here: give each relay the file or variable that the configuration names")
            }
            secrets.append(secret)
        }
        let message = message.message(event)
        let time = String(Int64(Date().timeIntervalSince1970))
        var headers = [
            ("content-type", "application/json"), ("user-agent", "doorbell/\(ProductVersion.current)"), ("webhook-id", message.messageID),
            ("webhook-timestamp", time),
            (
                "webhook-signature",
                secrets.map { $0.signature(id: message.messageID, time: time, body: message.body) }.joined(separator: " ")
            ),
        ]
        for header in message.headers {
            let name = header.name.hasPrefix("cloudEvents_") ? "ce-" + header.name.dropFirst("cloudEvents_".count) : header.name
            switch header.value {
            case .text(let text): headers.append((name, text))
            case .number(let number): headers.append((name, String(number)))
            case .flag: headers.append((name, "true"))
            }
        }
        return await post.send(
            OutgoingCall(url: webhook.url, headers: headers, body: message.body, mayBePrivate: webhook.isPrivate))
    }
}
