import Domain
import Foundation
import Testing

@testable import Intake

/// What forges leave out of long pushes, and what a change then says.
@Suite struct HookListingTests {
    private static var two: [[String: Any]] { [HookSamples.commit("c1", "First", files: ["x"]), HookSamples.commit("c2", "Second", files: ["y"])] }

    @Test("Where a forge left commits out, the oldest change names no files, so that every scheduler takes it for its own; else it names its own")
    func cut() async throws {
        try await HookDoor.with { door in
            _ = try await door.gitea("push", HookSamples.push(Self.two.reversed(), after: "c2", total: 3))
            _ = try await door.gitLab("Push Hook", HookSamples.gitLabPush(Self.two, after: "c2", total: 21))
            // The newest are missing.
            _ = try await door.gitHub("push", HookSamples.push(Self.two, after: "c9", head: HookSamples.commit("c9", "Ninth", files: ["z"])))
            let changes = try await door.changes()
            #expect(changes.map(\.files) == [[], ["b", "y"], [], ["b", "y"], [], ["b", "y"], ["b", "z"]])
            #expect(changes.map(\.comments) == ["First", "Second", "First", "Second", "First", "Second", "Ninth"])
        }
        try await HookDoor.with { door in
            _ = try await door.gitea("push", HookSamples.push(Self.two.reversed(), after: "c2", total: 2))
            _ = try await door.gitLab("Push Hook", HookSamples.gitLabPush(Self.two, after: "c2"))
            let changes = try await door.changes()
            #expect(changes.map(\.files) == [["b", "x"], ["b", "y"], ["b", "x"], ["b", "y"]])
        }
    }

    @Test("GitHub lists 2048 commits and does not say how many there were", arguments: [2047, 2048])
    func many(listed: Int) throws {
        let commits = (1...listed).map { HookSamples.commit("c\($0)") }
        let delivery = HookDelivery(headers: ["x-github-event": "push"], body: try HookSamples.push(commits, after: "c\(listed)"))
        let changes = HookChanges(hook: HookConfiguration(name: "github", forge: .github), project: "demo").make(try GitHubHook.event(delivery))
            .changes
        #expect(changes.count == listed)
        #expect(changes.first?.files == (listed == 2048 ? [] : ["a", "b"]))
        #expect(changes.dropFirst().allSatisfy { $0.files == ["a", "b"] })
    }

    @Test("A branch that is set back names no files: what it changes was taken away", arguments: SourceConfiguration.Commits.allCases)
    func back(commits: SourceConfiguration.Commits) async throws {
        try await HookDoor.with(commits: commits) { door in
            _ = try await door.gitHub("push", HookSamples.push([], before: "c2", after: "c1", head: HookSamples.commit("c1")))
            let changes = try await door.changes()
            #expect(changes.map(\.revision) == ["c1"] && changes.map(\.files) == [[]])
        }
    }

    @Test("With commits: tip the tip names what all commits of the push change, and nothing where one of them cannot say")
    func tip() async throws {
        try await HookDoor.with(commits: .tip) { door in
            _ = try await door.gitHub("push", HookSamples.push(Self.two, after: "c2"))
            var silent = HookSamples.commit("c1")
            for key in ["added", "modified"] { silent[key] = [String]() }
            _ = try await door.gitHub("push", HookSamples.push([silent, HookSamples.commit("c3")], after: "c3"))
            _ = try await door.gitea("push", HookSamples.push(Self.two.reversed(), after: "c2", total: 3))
            let changes = try await door.changes()
            #expect(changes.map(\.revision) == ["c2", "c3", "c2"] && changes.map(\.comments) == ["Second", "Change it", "Second"])
            #expect(changes.map(\.files) == [["b", "x", "y"], [], []])
        }
    }
}
