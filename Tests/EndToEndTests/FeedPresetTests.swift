import Foundation
import ProcessSupport
import ServerSupport
import TestSupport
import Testing

/// Messages as others publish them, through a real broker and a real `doorbell up`, with the clients that those others use.
@Suite(.timeLimit(.minutes(5))) struct FeedPresetTests {
    let directory = TemporaryDirectory()

    @Test("Pulse, Fedora's messages, Gerrit, CDEvents and another deployment become changes, each by its preset")
    func presets() async throws {
        let broker = try await PrivateRabbitMQ.shared()
        let password = directory.file("password")
        let deployment = try Deployment(directory: directory.file("run"))
        let (user, secret, host) = try parts(of: broker.url)
        try "\(user):\(secret)\n".write(toFile: password, atomically: true, encoding: .utf8)
        let common = "amqp: \"amqp://\(host)\", credential: {file: \"\(password)\"}"
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: pulse, \(common), preset: mozilla-pulse, queue: queue/ann/doorbell}
                  - {name: fedora, \(common), preset: fedora-messaging, queue: 2e8f9c1a-0000-4000-8000-000000000001, queue_type: classic}
                  - name: gerrit
                    \(common.replacing(", credential", with: "\n    credential"))
                    preset: gerrit
                    exchange: gerrit.events
                    queue: queue/gerrit
                    map: {repository: ["https://gerrit.example.org/{/refUpdate/project}", "https://gerrit.example.org/{/change/project}"]}
                  - name: events
                    \(common.replacing(", credential", with: "\n    credential"))
                    preset: cdevents
                    exchange: cdevents
                    queue: queue/cdevents
                  - {name: upstream, \(common), preset: doorbell, queue: queue/downstream}
                schedulers:
                  - {name: never, kind: branch, branches: [nothing], builders: [test]}
                builders:
                  - {name: test, steps: [{name: nothing, run: "true"}]}
                """)
        let publisher = ForeignPublisher(url: broker.url, in: directory.path)
        // Exchanges are their owners': they are there before anybody listens.
        for exchange in ["exchange/hgpushes/v2", "gerrit.events", "cdevents", "exchange/doorbell/v1/events"] {
            try await publisher.publish([.init(exchange: exchange, key: "nobody.listens", body: "{}")])
        }
        let up = try await deployment.start()
        _ = try await deployment.api.poll { () -> Bool? in
            let text = try await deployment.api.get("/metrics").text
            return ["pulse", "fedora", "gerrit", "events", "upstream"].allSatisfy { text.contains("doorbell_feed_connected{source=\"\($0)\"} 1") }
                ? true : nil
        }

        try await publisher.publish([
            .init(exchange: "exchange/hgpushes/v2", key: "try", body: Self.pulse),
            .init(
                exchange: "exchange/hgpushes/v2", key: "try",
                body: #"{"payload": {"type": "newrepo.1", "data": {"repo_url": "https://hg.example.org/new"}}}"#),
            // Told twice, as Pulse does when it is not sure.
            .init(exchange: "exchange/hgpushes/v2", key: "try", body: Self.pulse),
            .init(exchange: "gerrit.events", key: "ref-updated", body: Self.gerrit),
            .init(exchange: "cdevents", key: "change.merged", body: Self.merged),
            .init(exchange: "exchange/doorbell/v1/events", key: "change.received.up.main._._._.1", body: Self.upstream),
        ])
        try await publisher.publish(
            [
                .init(exchange: "amq.topic", key: "io.pagure.prod.pagure.git.receive", body: Self.pagure),
                .init(exchange: "amq.topic", key: "org.fedoraproject.prod.forgejo.push", body: Self.forgejo),
                .init(exchange: "amq.topic", key: "org.fedoraproject.prod.buildsys.build.state.change", body: "{}"),
            ], with: .fedoraMessaging)

        let changes = try await deployment.api.poll { () -> [[String: Any]]? in
            let changes = try await deployment.api.list("/api/v1/changes")
            return changes.count >= 6 ? changes : nil
        }
        let found = changes.map { change in
            ["source", "repository", "branch", "revision", "author"].map { change[$0] as? String ?? "" }.joined(separator: " ")
        }
        #expect(
            found.sorted() == [
                "events https://git.example.org/repo main 0123abc ",
                "fedora https://codeberg.example.org/ann/thing.git main \(Self.revision) Ann <ann@example.org>",
                "fedora https://pagure.example.org/ann/thing.git main \(Self.revision) ann",
                "gerrit https://gerrit.example.org/plugins/x main \(Self.revision) Ann <ann@example.org>",
                "pulse https://hg.example.org/try default \(Self.revision) ann@example.org",
                "upstream https://git.example.org/up.git main \(Self.revision) Ann",
            ])
        up.send(SIGTERM)
        #expect(await up.status() == 0)
        #expect(!up.errorOutput.contains(secret) && !up.output.contains(secret))
    }

    private func parts(of url: String) throws -> (user: String, password: String, host: String) {
        let parts = try #require(URLComponents(string: url))
        return (try #require(parts.user), try #require(parts.password), "\(try #require(parts.host)):\(try #require(parts.port))/")
    }

    private static let revision = "eb6d9371407416e488d2b2783a5a79f8364330c8"

    // As the documentation of Mozilla's version-control tools describes it.
    private static let pulse = """
        {"payload": {"type": "changegroup.1", "data": {"repo_url": "https://hg.example.org/try", "heads": ["\(revision)"], "source": "serve",
        "pushlog_pushes": [{"time": 1460975081, "pushid": 120040, "user": "ann@example.org", "push_json_url": "https://hg.example.org/j",
        "push_full_json_url": "https://hg.example.org/f"}]}},
        "_meta": {"exchange": "exchange/hgpushes/v2", "routing_key": "try", "serializer": "json", "sent": "2016-04-18T10:24:41.1"}}
        """
    // As the schema of pagure's messages (pagure.git.receive) has it.
    private static let pagure = """
        {"agent": "ann", "forced": false, "old_commit": "0", "branch": "refs/heads/main", "authors": [{"name": "ann", "fullname": "Ann"}],
        "total_commits": 1, "start_commit": "\(revision)", "end_commit": "\(revision)", "changed_files": {"README": "M"},
        "repo": {"name": "thing", "fullname": "ann/thing", "url_path": "ann/thing", "full_url": "https://pagure.example.org/ann/thing"}}
        """
    // A push of Forgejo within the envelope of webhook-to-fedora-messaging.
    private static let forgejo = """
        {"agent": "ann", "headers": {"X-Forgejo-Event": "push"}, "body": {"ref": "refs/heads/main", "before": "0", "after": "\(revision)",
        "commits": [{"id": "\(revision)", "added": ["a"], "modified": [], "removed": []}],
        "head_commit": {"id": "\(revision)", "message": "Do it", "timestamp": "2026-01-02T03:04:05+01:00",
        "author": {"name": "Ann", "email": "ann@example.org"}},
        "repository": {"full_name": "ann/thing", "clone_url": "https://codeberg.example.org/ann/thing.git"}}}
        """
    private static let gerrit = """
        {"type": "ref-updated", "submitter": {"name": "Ann", "email": "ann@example.org", "username": "ann"},
        "refUpdate": {"oldRev": "0000000000000000000000000000000000000001", "newRev": "\(revision)", "refName": "refs/heads/main",
        "project": "plugins/x"}, "eventCreatedOn": 1700000000}
        """
    private static let merged = """
        {"context": {"specversion": "0.5.1", "id": "271069a8-fc18-44f1-b38f-9d70a1695819", "source": "/event/source/123",
        "type": "dev.cdevents.change.merged.0.3.0", "timestamp": "2023-03-20T14:27:05.315384Z"},
        "subject": {"id": "0123abc", "source": "/event/source/123",
        "content": {"repository": {"id": "TestRepo/TestOrg", "source": "https://git.example.org/repo"}}}}
        """
    private static let upstream = """
        {"event": "change.received", "id": "5d7f6c8e-0000-4000-8000-000000000001", "sequence": 1, "time": "2026-01-02T03:04:05Z",
        "entity": {"kind": "change", "id": 1, "version": 1}, "chain": {"id": "5d7f6c8e-0000-4000-8000-000000000002", "parents": []},
        "data": {"source": "x", "project": "up", "repository": "https://git.example.org/up.git", "branch": "main", "revision": "\(revision)",
        "author": "Ann", "comments": "Do it", "files": ["a"], "category": ""}}
        """
}
