/// Mappings for messages that many publish, by name.
public enum MappingPreset: String, Hashable, Sendable, CaseIterable {
    /// Pushes to hg.mozilla.org, as `exchange/hgpushes/v2` of Mozilla's Pulse tells them.
    case mozillaPulse = "mozilla-pulse"
    /// Pushes that Fedora's messages tell: pagure's own, and those of GitHub and Forgejo behind webhook-to-fedora-messaging.
    case fedoraMessaging = "fedora-messaging"
    /// Gerrit's stream events, as its RabbitMQ plugin publishes them: moved branches and new patch sets.
    case gerrit
    /// CDEvents' `change.merged`.
    case cdevents
    /// Another deployment's accepted changes.
    case doorbell

    /// Where such messages are published, unless the source names it.
    public var exchange: String? {
        switch self {
        case .mozillaPulse: "exchange/hgpushes/v2"
        case .fedoraMessaging: "amq.topic"
        case .doorbell: "exchange/doorbell/v1/events"
        case .gerrit, .cdevents: nil
        }
    }

    public var keys: [String] {
        switch self {
        case .fedoraMessaging: ["#.pagure.git.receive", "#.github.push", "#.forgejo.push"]
        case .doorbell: ["change.received.#"]
        case .mozillaPulse, .gerrit, .cdevents: ["#"]
        }
    }

    /// What is tried in this order. One may lack what only the source can say.
    public func mappings() throws(MappingSyntaxError) -> [ChangeMapping] {
        switch self {
        case .mozillaPulse: [try pulse()]
        case .fedoraMessaging: [try pagure(), try forge("github.push"), try forge("forgejo.push")]
        case .gerrit: [try gerritBranch(), try gerritPatchSet()]
        case .cdevents: [try cdevent()]
        case .doorbell: [try ownEvent()]
        }
    }

    private func pulse() throws(MappingSyntaxError) -> ChangeMapping {
        try mapping(
            only: ["{/payload/type}": ["changegroup.1"]], each: "{/payload/data/heads}",
            [
                .repository: ["{/payload/data/repo_url}"], .branch: ["default"], .revision: ["{.}"],
                .author: ["{/payload/data/pushlog_pushes/0/user}"], .when: ["{/payload/data/pushlog_pushes/0/time}"],
                .key: ["{/payload/data/repo_url} {/payload/data/pushlog_pushes/0/pushid} {.}"],
            ],
            properties: ["push_id": "{/payload/data/pushlog_pushes/0/pushid}", "push_url": "{/payload/data/pushlog_pushes/0/push_full_json_url}"])
    }

    private func pagure() throws(MappingSyntaxError) -> ChangeMapping {
        try mapping(
            only: ["{@key}": ["**.pagure.git.receive"]],
            [
                .repository: ["{/repo/full_url}.git", "https://pagure.io/{/repo/url_path}.git"],
                .branch: ["{/branch|strip:refs/heads/}", "{/branch}"],
                .revision: ["{/end_commit}"], .author: ["{/agent}"],
            ], files: ["{/changed_files}"])
    }

    private func forge(_ topic: String) throws(MappingSyntaxError) -> ChangeMapping {
        try mapping(
            only: ["{@key}": ["**.\(topic)"], "{/body/ref}": ["refs/heads/**"], "{/body/head_commit/id}": ["*"]],
            [
                .repository: ["{/body/repository/clone_url}"], .branch: ["{/body/ref|strip:refs/heads/}"], .revision: ["{/body/after}"],
                .author: ["{/body/head_commit/author/name} <{/body/head_commit/author/email}>", "{/agent}"],
                .comments: ["{/body/head_commit/message}"], .when: ["{/body/head_commit/timestamp}"],
            ], files: ["{/body/commits/*/added}", "{/body/commits/*/modified}", "{/body/commits/*/removed}"])
    }

    private func gerritBranch() throws(MappingSyntaxError) -> ChangeMapping {
        try mapping(
            only: ["{/type}": ["ref-updated"], "{/refUpdate/refName}": ["refs/heads/**"], "{/refUpdate/newRev}": ["!00000000*"]],
            [
                .branch: ["{/refUpdate/refName|strip:refs/heads/}"], .revision: ["{/refUpdate/newRev}"],
                .author: ["{/submitter/name} <{/submitter/email}>", "{/submitter/username}"], .when: ["{/eventCreatedOn}"],
                .key: ["{/refUpdate/project} {/refUpdate/refName} {/refUpdate/oldRev} {/refUpdate/newRev} {/eventCreatedOn}"],
            ], properties: ["gerrit_project": "{/refUpdate/project}"])
    }

    private func gerritPatchSet() throws(MappingSyntaxError) -> ChangeMapping {
        try mapping(
            only: ["{/type}": ["patchset-created"]],
            [
                .branch: ["{/patchSet/ref}"], .revision: ["{/patchSet/revision}"], .category: [PullProperty.category],
                .author: ["{/patchSet/uploader/name} <{/patchSet/uploader/email}>", "{/patchSet/uploader/username}"],
                .comments: ["{/change/commitMessage}", "{/change/subject}"], .when: ["{/eventCreatedOn}"],
                .key: ["{/change/project} {/change/number} {/patchSet/number} {/patchSet/revision}"],
            ],
            properties: [
                "gerrit_project": "{/change/project}", PullProperty.number: "{/change/number}", PullProperty.title: "{/change/subject}",
                PullProperty.baseBranch: "{/change/branch}",
                // Whoever may read may push to refs/for.
                PullProperty.untrusted: "true",
            ])
    }

    private func cdevent() throws(MappingSyntaxError) -> ChangeMapping {
        try mapping(
            only: ["{/context/type}": ["dev.cdevents.change.merged.*"]],
            [
                .repository: ["{/subject/content/repository/source}"], .branch: ["{/customData/branch}", "main"],
                .revision: ["{/customData/revision}", "{/subject/id}"], .comments: ["{/subject/content/description}"],
                .when: ["{/context/timestamp}"], .key: ["{/context/source} {/context/id}"],
            ])
    }

    private func ownEvent() throws(MappingSyntaxError) -> ChangeMapping {
        try mapping(
            only: ["{/event}": ["change.received"]],
            [
                .repository: ["{/data/repository}"], .branch: ["{/data/branch}"], .revision: ["{/data/revision}"], .author: ["{/data/author}"],
                .comments: ["{/data/comments}"], .category: ["{/data/category}"], .when: ["{/time}"], .key: ["{/id}"],
            ], files: ["{/data/files}"])
    }

    private func mapping(
        only: [String: [String]], each: String? = nil, _ texts: [ChangeMapping.Field: [String]], files: [String] = [],
        properties: [String: String] = [:]
    ) throws(MappingSyntaxError) -> ChangeMapping {
        var mapping = ChangeMapping()
        for (text, patterns) in only.sorted(by: { $0.key < $1.key }) {
            mapping.only.append(.init(text: try MappedText(text), words: patterns))
        }
        if let each { mapping.each = try MappedText(each) }
        for (field, ways) in texts {
            var read: [MappedText] = []
            for way in ways { read.append(try MappedText(way)) }
            mapping.texts[field] = read
        }
        for file in files { mapping.files.append(try MappedText(file)) }
        for (name, text) in properties { mapping.properties[name] = try MappedText(text) }
        return mapping
    }
}
