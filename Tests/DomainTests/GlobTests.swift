import Domain
import Testing

@Suite(.timeLimit(.minutes(1))) struct GlobTests {
    @Test(
        "A pattern matches the names it says",
        arguments: [
            ("main", "main"), ("", ""), ("*", ""), ("*", "feature/x"), ("**", "a/b/c"), ("feature/*", "feature/x"), ("feature/*", "feature/"),
            ("release/?.?", "release/1.2"), ("**/*.md", "README.md"), ("**/*.md", "docs/deep/er/x.md"), ("docs/**", "docs/a/b"),
            ("a/**/b", "a/b"), ("a/**/b", "a/x/y/b"), ("a**b", "a/x/b"), ("x***", "x"), ("v*", "v1.0"), ("**/b", "/b"),
        ])
    func matches(pattern: String, name: String) {
        #expect(Glob(pattern).matches(name))
    }

    @Test(
        "A pattern does not match other names",
        arguments: [
            ("main", "main2"), ("main", "mai"), ("main", "Main"), ("", "x"), ("feature/*", "feature/x/y"), ("feature/*", "feature"),
            ("release/?", "release//"), ("release/?", "release/"), ("*.md", "docs/x.md"), ("docs/**", "docs"), ("a/**/b", "axb"), ("a/**/b", "a/xb"),
            ("?", ""), ("?", "ab"), ("[a]", "a"), ("main.", "mainx"), ("\u{e9}", "e\u{301}"),
        ])
    func matchesNot(pattern: String, name: String) {
        #expect(!Glob(pattern).matches(name))
    }

    @Test("Every short pattern and name agree with the definition, read literally")
    func definition() {
        let names = words(over: ["a", "b", "/"], upTo: 4)
        for pattern in words(over: ["a", "/", "*", "?"], upTo: 4) {
            let glob = Glob(pattern)
            for name in names {
                let expected = pattern == "*" || Self.reads(Array(pattern), Array(name), startsName: true)
                if glob.matches(name) != expected { Issue.record("\(pattern) on \(name) is not \(expected)") }
            }
        }
    }

    @Test(
        "A hostile pattern takes no longer than the product of the lengths",
        arguments: [
            String(repeating: "a*", count: 200) + "b", String(repeating: "**/", count: 200) + "b", String(repeating: "*", count: 20_000) + "b",
            String(repeating: "a**", count: 200) + "b", String(repeating: "?", count: 20_000),
        ])
    func hostile(pattern: String) {
        #expect(!Glob(pattern).matches(String(repeating: "a", count: 60)))
        #expect(!Glob(pattern).matches(String(repeating: "a/", count: 30)))
    }

    private func words(over letters: [String], upTo length: Int) -> [String] {
        var all = [""]
        var last = [""]
        for _ in 0..<length {
            last = last.flatMap { word in letters.map { word + $0 } }
            all += last
        }
        return all
    }

    /// The definition, tried in every way there is.
    private static func reads(_ pattern: [Character], _ name: [Character], startsName: Bool) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*", pattern.dropFirst().first == "*" {
            let rest = Array(pattern.dropFirst(2))
            if startsName, rest.first == "/" {
                let after = Array(rest.dropFirst())
                let ends = name.indices.filter { name[$0] == "/" }.map { $0 + 1 }
                return ([0] + ends).contains { reads(after, Array(name[$0...]), startsName: true) }
            }
            return (0...name.count).contains { reads(rest, Array(name[$0...]), startsName: false) }
        }
        if first == "*" {
            let longest = name.firstIndex(of: "/") ?? name.count
            return (0...longest).contains { reads(Array(pattern.dropFirst()), Array(name[$0...]), startsName: false) }
        }
        guard let letter = name.first, first == "?" ? letter != "/" : letter == first else { return false }
        return reads(Array(pattern.dropFirst()), Array(name.dropFirst()), startsName: first == "/")
    }
}
