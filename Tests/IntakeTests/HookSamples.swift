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

    private static let gitHubRepository = [
        "full_name": "shop/store", "clone_url": "https://github.com/shop/store.git", "ssh_url": "git@github.com:shop/store.git",
    ]

    /// GitHub's form, and Gitea's.
    static func push(
        _ commits: [[String: Any]], ref: String = "refs/heads/main", before: String = "b0", after: String, head: [String: Any]? = nil,
        pushed: Int? = 1
    ) throws -> Data {
        var repository: [String: Any] = gitHubRepository
        if let pushed { repository["pushed_at"] = pushed }
        var push: [String: Any] = [
            "ref": ref, "before": before, "after": after, "commits": commits, "repository": repository, "pusher": ["name": "ada"],
        ]
        if let head { push["head_commit"] = head }
        return try JSONSerialization.data(withJSONObject: push)
    }

    static func pull(action: String = "opened", from repository: String = "shop/store", updated: String = "2026-01-31T12:00:00Z") throws -> Data {
        let side = ["full_name": repository, "clone_url": "https://github.com/\(repository).git", "ssh_url": "git@github.com:\(repository).git"]
        return try JSONSerialization.data(withJSONObject: [
            "action": action, "number": 7,
            "pull_request": [
                "number": 7, "title": "Add it", "user": ["login": "ada"], "head": ["ref": "topic", "sha": "h1", "repo": side],
                "base": ["ref": "main", "sha": "b1", "repo": gitHubRepository], "merge_commit_sha": "m1", "updated_at": updated,
            ] as [String: Any], "repository": gitHubRepository,
        ])
    }

    private static let gitLabProject = [
        "path_with_namespace": "shop/store", "git_http_url": "https://gitlab.com/shop/store.git", "git_ssh_url": "git@gitlab.com:shop/store.git",
    ]

    static func gitLabPush(_ commits: [[String: Any]], after: String) throws -> Data {
        try JSONSerialization.data(withJSONObject: [
            "object_kind": "push", "ref": "refs/heads/main", "before": "b0", "after": after, "user_name": "Ada", "project": gitLabProject,
            "commits": commits, "total_commits_count": commits.count,
        ])
    }

    static func merge(action: String, oldrev: String? = nil, fork: Bool = false) throws -> Data {
        var attributes: [String: Any] = [
            "iid": 3, "title": "Add it", "action": action, "source_branch": "topic", "target_branch": "main", "source_project_id": fork ? 2 : 1,
            "target_project_id": 1, "last_commit": commit("h1"), "source": gitLabProject,
        ]
        if let oldrev { attributes["oldrev"] = oldrev }
        return try JSONSerialization.data(withJSONObject: [
            "object_kind": "merge_request", "user": ["name": "Ada"], "project": gitLabProject, "object_attributes": attributes,
        ])
    }
}
