import Foundation

/// Payloads as forges send them, as far as anything is read of them.
enum HookSamples {
    static let zero = String(repeating: "0", count: 40)

    static func commit(_ id: String, _ message: String = "Change it", files: [String] = ["a"]) -> [String: Any] {
        [
            "id": id, "message": message, "timestamp": "2026-01-31T13:00:00+01:00", "author": ["name": "Ada Example", "email": "ada@example.org"],
            "added": files, "removed": [], "modified": ["b"], "distinct": true,
        ]
    }

    /// Every time the same, so that one call told twice has one body.
    private static func bytes(_ object: [String: Any]) throws -> Data { try JSONSerialization.data(withJSONObject: object, options: .sortedKeys) }

    private static let gitHubRepository = [
        "full_name": "shop/store", "clone_url": "https://github.com/shop/store.git", "ssh_url": "git@github.com:shop/store.git",
    ]

    /// GitHub's form, and Gitea's.
    static func push(
        _ commits: [[String: Any]], ref: String = "refs/heads/main", before: String = "b0", after: String, head: [String: Any]? = nil,
        pushed: Int? = 1, updated: String? = nil, total: Int? = nil
    ) throws -> Data {
        var repository: [String: Any] = gitHubRepository
        if let pushed { repository["pushed_at"] = pushed }
        if let updated { repository["updated_at"] = updated }
        var push: [String: Any] = [
            "ref": ref, "before": before, "after": after, "commits": commits, "repository": repository, "pusher": ["name": "ada"],
        ]
        if let head { push["head_commit"] = head }
        if let total { push["total_commits"] = total }
        return try bytes(push)
    }

    static func pull(
        action: String = "opened", from repository: String = "shop/store", label: String? = "ada:topic", ref: String = "topic",
        mergeable: Bool? = true, updated: String = "2026-01-31T12:00:00Z"
    ) throws -> Data {
        let side = ["full_name": repository, "clone_url": "https://github.com/\(repository).git", "ssh_url": "git@github.com:\(repository).git"]
        var head: [String: Any] = ["ref": ref, "sha": "h1", "repo": side]
        if let label { head["label"] = label }
        return try bytes([
            "action": action, "number": 7,
            "pull_request": [
                "number": 7, "title": "Add it", "user": ["login": "ada"], "head": head,
                "base": ["ref": "main", "sha": "b1", "repo": gitHubRepository], "mergeable": mergeable.map { $0 as Any } ?? NSNull(),
                "merge_commit_sha": "m1", "updated_at": updated,
            ] as [String: Any], "repository": gitHubRepository,
        ])
    }

    private static let gitLabProject = [
        "path_with_namespace": "shop/store", "git_http_url": "https://gitlab.com/shop/store.git", "git_ssh_url": "git@gitlab.com:shop/store.git",
    ]

    static func gitLabPush(
        _ commits: [[String: Any]], kind: String = "push", ref: String = "refs/heads/main", before: String = "b0", after: String,
        checkout: String? = nil, total: Int? = nil
    ) throws -> Data {
        try bytes([
            "object_kind": kind, "ref": ref, "before": before, "after": after, "checkout_sha": checkout ?? after, "user_name": "Ada",
            "project": gitLabProject, "commits": commits, "total_commits_count": total ?? commits.count,
        ])
    }

    static func merge(action: String, oldrev: String? = nil, fork: Bool = false, updated: String = "1") throws -> Data {
        var attributes: [String: Any] = [
            "iid": 3, "title": "Add it", "action": action, "source_branch": "topic", "target_branch": "main", "source_project_id": fork ? 2 : 1,
            "target_project_id": 1, "last_commit": commit("h1"), "source": gitLabProject, "merge_commit_sha": "m1",
            "updated_at": updated,
        ]
        if let oldrev { attributes["oldrev"] = oldrev }
        return try bytes([
            "object_kind": "merge_request", "user": ["name": "Ada"], "project": gitLabProject, "object_attributes": attributes,
        ])
    }
}
