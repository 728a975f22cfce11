import Foundation
import Testing

@testable import Runtime

@Suite struct ConfigurationProblemTests {
    @Test("Each problem is named with its place, what was found and what was expected", arguments: ConfigurationCase.all)
    func problems(of wrong: ConfigurationCase) {
        let problems = ConfigurationSamples.problems(wrong.text)
        #expect(problems.count == wrong.problems.count, "\(problems)")
        for (found, expected) in zip(problems, wrong.problems) {
            #expect(found.hasPrefix(expected), "\(found)")
        }
    }

    @Test("A slip of the fingers is recognised")
    func nearest() throws {
        let problems = ConfigurationSamples.problems("projetc: p\n" + ConfigurationSamples.builders.replacing("run:", with: "runn:"))
        try #require(problems.count == 3)
        #expect(problems[0].hasPrefix(" found no \"project\""))
        #expect(problems[1].hasPrefix("1:1: ") && problems[1].hasSuffix("did you mean \"project\"?"))
        #expect(problems[2].hasPrefix("5:9: found the key \"runn\" in a step") && problems[2].hasSuffix("did you mean \"run\"?"))
    }

    @Test("A name that would lead astray is refused", arguments: ["", ".", "..", "a/b", "/etc", "-x", " a", "a ", "a\\b", "a\u{7}b", "a\u{202e}b"])
    func names(name: String) {
        let escaped = name.unicodeScalars.map {
            "\\U" + String(repeating: "0", count: 8 - String($0.value, radix: 16).count) + String($0.value, radix: 16)
        }
        let problems = ConfigurationSamples.problems("project: \"\(escaped.joined())\"\n" + ConfigurationSamples.builders)
        #expect(problems.count == 1)
        #expect(problems.first?.contains("expected a name of 1 to 100 bytes") == true)
    }

    @Test("A name may be long, but not longer than its bound")
    func longNames() {
        let fits = String(repeating: "é", count: 50)
        #expect(ConfigurationSamples.problems("project: \(fits)\n" + ConfigurationSamples.builders).isEmpty)
        #expect(ConfigurationSamples.problems("project: \(fits)x\n" + ConfigurationSamples.builders).count == 1)
    }

    @Test("Aliases that would grow without end are refused before they do")
    func aliasBomb() {
        var text = "a0: &a0 [x, x]\n"
        for level in 1..<60 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        text += "? *a59\n: x\n"
        let problems = ConfigurationSamples.problems(text)
        #expect(problems == ["2:10: found the alias *a0, expected the value itself: anchors and aliases are not allowed"])
        #expect(ConfigurationSamples.problems("{\"a\":&x [1],\"b\":*x}\n").first?.contains("found the alias *x") == true)
    }

    @Test("A script may use stars and ampersands")
    func starsInScripts() throws {
        let loaded = try ConfigurationSamples.load(
            """
            project: p
            builders:
              - name: b
                steps:
                  - run: |
                      case "$1" in *foo) sleep 1 & ;; *) true && echo $((2*3)) 2>&1 ;; esac
            """)
        #expect(loaded.configuration.builders.count == 1)
    }

    @Test("Nesting without end is refused, not followed", arguments: ["[", "{a: ", "- "])
    func deepNesting(opening: String) {
        let problems = ConfigurationSamples.problems("project: " + (opening == "- " ? "\n" : "") + String(repeating: opening, count: 100_000))
        #expect(problems.count == 1)
        #expect(problems.first?.contains("found no valid YAML") == true)
    }

    @Test("No bytes make the loader fall over", arguments: 0..<40)
    func noise(seed: Int) throws {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: ConfigurationSamples.top + "/examples/complete/doorbell.yaml")))
        let interesting = Array("[]{}:,-&*!|>'\"%@`#?\n\t \0\u{FF}9".utf8) + [0x80, 0xFF]
        for _ in 0..<20 {
            let place = next(bytes.count)
            switch next(3) {
            case 0: bytes[place] = interesting[next(interesting.count)]
            case 1: bytes.remove(at: place)
            default: bytes.insert(interesting[next(interesting.count)], at: place)
            }
        }
        do {
            _ = try ConfigurationLoader.load(text: bytes, file: "f")
        } catch {
            #expect(!error.problems.isEmpty)
        }
    }

    @Test("More problems than anybody reads are counted, not printed")
    func manyProblems() {
        let text = "project: p\n" + (0..<300).map { "k\($0): 1\n" }.joined() + ConfigurationSamples.builders
        let error = #expect(throws: ConfigurationProblems.self) { try ConfigurationSamples.load(text) }
        #expect(error?.problems.count == 300)
        #expect(error?.description.split(separator: "\n").count == 101)
        #expect(error?.description.hasSuffix("… and 200 more problems") == true)
    }

    @Test(
        "Durations are numbers with units, larger ones first",
        arguments: [
            ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h30m", 5_400_000), ("1h1m1s1ms", 3_661_001), ("0s", 0), ("", nil), ("5", nil),
            ("s", nil), ("1m1h", nil), ("1s1s", nil), ("-5s", nil), ("1.5s", nil), ("5 s", nil), ("5d", nil), ("9223372036854775807h", nil),
            ("99999999999999999999s", nil),
        ] as [(String, Int64?)])
    func durations(text: String, milliseconds: Int64?) {
        #expect(DurationText.duration(of: text) == milliseconds.map { .milliseconds($0) })
        if let milliseconds { #expect(DurationText.text(of: .milliseconds(milliseconds)) == text) }
    }

    @Test(
        "Where git may look is judged before git sees it",
        arguments: [
            ("https://example.com/a.git", GitLocation.remote), ("ssh://git@example.com:22/a", .remote), ("git@example.com:a/b.git", .remote),
            ("file:///srv/a.git", .remote), (".", .local), ("../a", .local), ("/srv/a b.git", .local), ("a/b:c", .local),
        ])
    func locations(text: String, expected: GitLocation) {
        #expect(GitLocation(text) == expected)
    }

    @Test(
        "What would run a command or hide a password is refused",
        arguments: [
            "", "-x", "--upload-pack=id", "ext::sh -c id", "fd::17", "EXT::x", "ext::https://example.com", "ssh://-oProxyCommand=id/x",
            "-oProxyCommand=id:x",
            "git@-oProxyCommand=id:x", "https://me:pw@example.com/x", "https://token@example.com/x", "ssh://me:pw@example.com/x",
            "ftp://example.com/x",
            "file://host/x", "~/repo", ":x", "a\nb",
        ])
    func refusedLocations(text: String) {
        guard case .refused = GitLocation(text) else {
            Issue.record("\(text) was accepted")
            return
        }
    }

    @Test("A relative path is seen from the file's directory")
    func absolute() {
        #expect(GitLocation.absolute(".", from: "/a/b") == "/a/b")
        #expect(GitLocation.absolute("../../x/./y", from: "/a/b/c") == "/a/x/y")
        #expect(GitLocation.absolute("../../..", from: "/a") == "/")
        #expect(GitLocation.absolute("/x/../y", from: "/a") == "/y")
    }
}
