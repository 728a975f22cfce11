import Domain

/// The targets of the configuration in force, with the connections of those that stay as they are.
actor TargetBook {
    private let deployment: String
    private var webhooks: [String: (target: WebhookTarget, post: OutgoingPost)] = [:]

    init(deployment: String) {
        self.deployment = deployment
    }

    func targets(of configuration: Configuration) -> [any EventTarget] {
        var kept: [String: (target: WebhookTarget, post: OutgoingPost)] = [:]
        for webhook in configuration.webhooks {
            if let known = webhooks.removeValue(forKey: webhook.name), known.target.webhook == webhook {
                kept[webhook.name] = known
            } else {
                let post = OutgoingPost()
                kept[webhook.name] = (WebhookTarget(webhook, deployment: deployment, post: post), post)
            }
        }
        // What is on its way over the old ones has a moment.
        for (_, old) in webhooks {
            Task {
                try? await Task.sleep(for: .seconds(15))
                await old.post.close()
            }
        }
        webhooks = kept
        return configuration.webhooks.compactMap { kept[$0.name]?.target }
    }
}
