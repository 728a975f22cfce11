import Domain
import Foundation

extension ConfigurationReader {
    mutating func readWebhook(_ value: YAMLValue) {
        guard let webhook = value.mapping("webhook", keys: ConfigurationKeys.webhook) else { return }
        let (name, place) = readName(of: webhook)
        var read = Webhook(name: name, url: "")
        read.isPrivate = webhook["private"]?.boolean() ?? false
        if let url = webhook.required("url", "the address of its endpoint") { read.url = readEndpoint(url, isPrivate: read.isPrivate) ?? "" }
        if let keys = webhook["keys"] { read.keys = (keys.list(of: "keys") ?? []).compactMap(readTopicPattern) }
        if let secret = webhook.required("secret", "{env: NAME} or {file: /PATH} with what its messages are signed with") {
            read.secrets = readSecrets(secret)
        }
        draft.webhooks.append(.init(value: read, name: place))
    }

    private func readSecrets(_ value: YAMLValue) -> [CredentialReference] {
        guard case .sequence = value.node else { return readCredential(value).map { [$0] } ?? [] }
        let values = value.list(of: "secrets") ?? []
        guard values.count <= Webhook.mostSecrets else {
            value.report("found \(values.count) secrets, expected at most \(Webhook.mostSecrets): the new one, and those that it replaces")
            return []
        }
        return values.compactMap { readCredential($0) }
    }

    private func readEndpoint(_ value: YAMLValue, isPrivate: Bool) -> String? {
        guard let text = value.text("a URL") else { return nil }
        guard text.utf8.count <= 2000, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), let url = URL(string: text),
            let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme), url.host?.isEmpty == false, url.fragment == nil
        else {
            value.expected("a URL of https or http, of at most 2000 bytes")
            return nil
        }
        guard url.user == nil, url.password == nil, !text.dropFirst(scheme.utf8.count + 3).prefix(while: { $0 != "/" && $0 != "?" }).contains("@")
        else {
            value.report("found a user in the URL, expected none: messages are signed with \"secret\"")
            return nil
        }
        guard scheme == "https" || isPrivate else {
            value.expected("a URL of https; one of http needs \"private: true\"")
            return nil
        }
        return text
    }
}
