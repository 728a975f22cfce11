import Domain
import Testing

@Suite struct ChangeFilterTests {
    private func change(branch: String = "main", category: String = "", files: [String] = []) -> NewChange {
        NewChange(project: "demo", repository: "/repo", branch: branch, revision: "abc", files: files, category: category)
    }

    @Test("A filter without patterns takes every change")
    func everything() {
        #expect(ChangeFilter().judge(change(files: ["any/file"])) == .important)
    }

    @Test("A change has to match one pattern of each list")
    func lists() {
        let filter = ChangeFilter(
            projects: [Glob("demo")], repositories: [Glob("**")], branches: [Glob("main"), Glob("release/*")], categories: [Glob("ci")])
        #expect(filter.judge(change(category: "ci")) == .important)
        #expect(filter.judge(change(branch: "release/1", category: "ci")) == .important)
        #expect(filter.judge(change(branch: "topic", category: "ci")) == .ignored)
        #expect(filter.judge(change(category: "docs")) == .ignored)
        #expect(ChangeFilter(projects: [Glob("other")]).judge(change()) == .ignored)
        #expect(ChangeFilter(repositories: [Glob("/other")]).judge(change()) == .ignored)
    }

    @Test(
        "A change matters when one of its files does",
        arguments: [
            (["src/a.swift"], ChangeFilter.Verdict.important), (["README.md"], .unimportant), (["README.md", "src/a.swift"], .important),
            (["src/notes.md"], .unimportant), (["tools/x"], .unimportant), ([], .important),
        ])
    func files(files: [String], verdict: ChangeFilter.Verdict) {
        let filter = ChangeFilter(files: [Glob("src/**"), Glob("*.md")], ignoreFiles: [Glob("**/*.md")])
        #expect(filter.judge(change(files: files)) == verdict)
    }

    @Test("Files decide only on changes that the rule looks at")
    func branchFirst() {
        let filter = ChangeFilter(branches: [Glob("main")], files: [Glob("src/**")])
        #expect(filter.judge(change(branch: "topic", files: ["README.md"])) == .ignored)
    }
}
