import Foundation
import Testing

@testable import Domain

@Suite(.timeLimit(.minutes(1))) struct PatternTests {
    @Test(
        "A pattern matches the texts it says, anywhere in them",
        arguments: [
            ("main", "main"), ("main", "the main branch"), ("", ""), ("", "x"), ("^$", ""), ("a|b", "xb"), ("^(main|release/.*)$", "release/1.2"),
            ("a*", ""), ("^a+$", "aaa"), ("^colou?r$", "color"), ("^a{3}$", "aaa"), ("^a{2,}$", "aaaa"), ("^a{1,3}$", "aa"), ("^a{0}$", ""),
            ("^a+?$", "aaa"), ("^a{2}?$", "aa"), ("^a??b*?$", "abb"), ("^(?:ab)+$", "abab"), ("^(a|b|)+$", "abba"), ("^(|x)y$", "y"), ("()", ""),
            ("^[a-z_]+$", "snake_case"), ("^[^/]+$", "no-slash"), ("^[]a]+$", "]a]"), ("^[^]a]$", "b"), ("^[a-]+$", "-a-"), ("^[-a]+$", "-a"),
            ("^[\\w.-]+$", "v1.2-rc"), ("^[^\\W\\d]+$", "ab"), ("^[\\]\\\\^]+$", "]\\^"), ("[[]", "["), ("^[+--]+$", "+,-"), ("^[.*+?]+$", "?+*."),
            ("^\\d+\\.\\d+$", "10.2"), ("^\\D\\S\\W$", "xy-"), ("^a\\sb$", "a\tb"), ("\\/", "/"), ("\\$\\{x\\}", "${x}"), ("^]}$", "]}"),
            ("\\bfix\\b", "a fix."), ("\\bfix\\b", "fix"), ("\\Bix", "fix"), ("^\\B$", ""), ("^.\\b.$", "a-"), ("(?:^|/)docs(?:/|$)", "docs/x"),
            ("(?:^|/)docs(?:/|$)", "a/docs"), ("^.*\\.md$|^docs/", "a.md"), ("(^a)?b", "xb"), ("(\\b)+a", "a"), ("a\\nb", "a\nb"),
            ("a[\\n\\r\\t]b", "a\tb"),
            ("^(a{2}){3}$", "aaaaaa"), ("^(a*)*$", "aaa"), ("^((a|b)*c){2}$", "abcbc"), ("x*$", "abc"),
        ])
    func matches(source: String, text: String) throws {
        #expect(try Pattern(source).matches(text))
    }

    @Test(
        "A pattern does not match other texts",
        arguments: [
            ("main", "mai"), ("main", "Main"), ("^main", "the main"), ("main$", "main\n"), ("main$", "mainx"), ("^$", "\n"), (".", "\n"),
            ("a.b", "a\nb"),
            ("^a", "\na"), ("^a{3}$", "aa"), ("^a{3}$", "aaaa"), ("^a{1,3}$", "aaaa"), ("^a{2,}$", "a"), ("^a{0}$", "a"), ("a+", "b"), ("x", ""),
            ("^(?:ab)+$", "aba"), ("^[a-z_]+$", "snake-case"), ("[^/]", "/"), ("[^/]", ""), ("^[]a]$", "b"), ("[^]a]", "]"), ("[a-c]", "-"),
            ("[\\d\\s]", "x"), ("[^\\W\\d]", "1"), ("\\.", "x"), ("\\bfix\\b", "prefix"), ("\\bfix\\b", "fixes"), ("\\Bix", "ix"), ("\\b", ""),
            ("\\b", "--"), ("a^b", "ab"), ("a$b", "ab"), ("$a", "a"), ("a|b", "c"), ("^a|^b", "ca"), ("(a|)b", "c"), ("\\n", "n"),
            ("^.$", "e\u{301}"),
        ])
    func matchesNot(source: String, text: String) throws {
        #expect(try !Pattern(source).matches(text))
    }

    @Test(
        "(?i) makes a letter match both its cases, in classes too",
        arguments: [
            ("(?i)main", "MaIn", true), ("(?i)MAIN", "main", true), ("(?i)[a-c]x", "BX", true), ("(?i)[A-C]", "b", true), ("(?i)[^a]", "A", false),
            ("(?i)[^A-C]", "b", false), ("(?i)größe", "GRÖSSE", false), ("(?i)größe", "GRÖßE", true), ("(?i)σ", "ς", true), ("(?i)ς", "Σ", true),
            ("(?i)[α-ω]", "Σ", true), ("(?i)k", "\u{212A}", true), ("(?i)\u{212A}", "k", true), ("(?i)1_", "1_", true), ("(?i)\\S\\D", "aB", true),
            ("(?i)\\W", "a", false), ("(?i)[\\W]", "K", false), ("(?i)", "", true), ("(?i)\\n", "N", false), ("(?i)\\-A", "-a", true),
            ("A", "a", false),
            ("[A-C]", "b", false),
        ])
    func ignoresCase(source: String, text: String, expected: Bool) throws {
        #expect(try Pattern(source).matches(text) == expected)
    }

    @Test(
        "Scalars are compared, and letters, digits and spaces are those of Unicode",
        arguments: [
            ("^é$", "é", true), ("é", "e\u{301}", false), ("^e.$", "e\u{301}", true), ("^.$", "👍", true), ("^.$", "👍🏽", false),
            ("^\\w+$", "größe_2", true),
            ("^\\d$", "٣", true), ("\\d", "½", false), ("\\s", "\u{a0}", true), ("\\S", "\u{2003}", false), ("\\w", "—", false),
            ("^\\w+$", "e\u{301}", true),
            ("größe\\b", "größe!", true), ("\\bo", "öo", false), ("[а-я]", "ж", true), ("[^а-я]", "ж", false), ("[\u{1F600}-\u{1F64F}]", "😀", true),
            ("[x-zа-гв-я]", "д", true), ("[аяж]", "б", false), ("[\u{0}-\u{10FFFF}]", "\u{10FFFF}", true), ("[^\\d\\w]", "٣", false),
            ("\\é", "é", true),
        ])
    func unicode(source: String, text: String, expected: Bool) throws {
        #expect(try Pattern(source).matches(text) == expected)
    }

    @Test("The escapes take the ASCII scalars that they say, and no others")
    func escapesInASCII() throws {
        let digits = Set("0123456789".unicodeScalars)
        let letters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_".unicodeScalars)
        let spaces = Set(" \t\n\u{b}\u{c}\r".unicodeScalars)
        for (escape, wanted) in [("d", digits), ("w", digits.union(letters)), ("s", spaces)] {
            let plain = try [Pattern("\\\(escape)"), Pattern("[\\\(escape)]"), Pattern("[^\\\(escape.uppercased())]")]
            let negated = try [Pattern("\\\(escape.uppercased())"), Pattern("[^\\\(escape)]"), Pattern("[\\\(escape.uppercased())]")]
            for scalar in (0..<128).compactMap({ Unicode.Scalar($0 as Int) }) {
                for pattern in plain { #expect(pattern.matches(String(scalar)) == wanted.contains(scalar), "\(pattern) \(scalar.value)") }
                for pattern in negated { #expect(pattern.matches(String(scalar)) != wanted.contains(scalar), "\(pattern) \(scalar.value)") }
            }
        }
    }

    @Test("A pattern is stored as its text and read back as the same pattern")
    func codable() throws {
        let pattern = try Pattern("^release/\\d+$")
        let data = try JSONEncoder().encode([pattern])
        #expect(String(decoding: data, as: UTF8.self) == "[\"^release\\/\\\\d+$\"]")
        let read = try JSONDecoder().decode([Pattern].self, from: data)
        #expect(read == [pattern])
        #expect(read[0].matches("release/7"))
        #expect("\(pattern)" == "^release/\\d+$")
        #expect(pattern.source == "^release/\\d+$")
    }

    @Test("Decoding what is no pattern says what is wrong with it")
    func decodingRefuses() throws {
        let error = #expect(throws: DecodingError.self) { try JSONDecoder().decode([Pattern].self, from: Data("[\"a(b\"]".utf8)) }
        guard case .dataCorrupted(let context) = error else { throw try #require(error) }
        #expect(context.codingPath.first?.intValue == 0)
        #expect(context.debugDescription == (PatternError(PatternFault(.unclosedGroup, at: 1), in: "a(b")).description)
    }

    @Test("Patterns are equal when they match the same scalars")
    func equality() throws {
        #expect(try Pattern("é") != Pattern("e\u{301}"))
        #expect(try Set([Pattern("a"), Pattern("a"), Pattern("b")]).count == 2)
    }
}
