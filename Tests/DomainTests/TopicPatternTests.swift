import Domain
import Testing

@Suite struct TopicPatternTests {
    @Test(
        "A pattern is read as a topic exchange reads it",
        arguments: [
            ("#", "a.b.c", true), ("a.#", "a", true), ("a.#", "a.b.c", true), ("a.#", "ab", false), ("*", "a", true), ("*", "a.b", false),
            ("*.b", "a.b", true),
            ("#.c", "a.b.c", true), ("#.c", "c", true), ("a.#.c", "a.c", true), ("a.#.c", "a.b.b.c", true), ("a.#.c", "a.b", false),
            ("#.#.#", "a", true), ("a.*.#", "a", false), ("a.*.#", "a.b", true), ("a..b", "a..b", true), ("a.b", "A.b", false),
        ])
    func patterns(pattern: String, key: String, matches: Bool) throws {
        #expect(try #require(TopicPattern(pattern)).matches(key) == matches)
    }

    @Test("A pattern made to be slow is not")
    func slowPattern() throws {
        let pattern = try #require(TopicPattern(Array(repeating: "#.a", count: 60).joined(separator: ".")))
        #expect(!pattern.matches(Array(repeating: "a", count: 120).joined(separator: ".") + ".b"))
        #expect(TopicPattern(String(repeating: "a", count: 256)) == nil)
    }

    @Test(
        "What is known of a key decides whether a pattern can match it",
        arguments: [
            ("build.finished.#", true), ("build.#", true), ("*.finished.shop.#", true), ("#.17", true), ("build", false), ("build.started.#", false),
            ("request.#", false), ("build.finished.*", false), ("build.finished.*.*.*.*.*.*", true),
        ])
    func partlyKnown(pattern: String, matches: Bool) throws {
        #expect(try #require(TopicPattern(pattern)).matches(["build", "finished", nil, nil, nil, nil, nil, nil]) == matches)
    }

    @Test(
        "A word of a routing key says what it was made of",
        arguments: ["main", "release/1.0", "_", "ä", "a~b", "~41", "", "füße, alle"])
    func words(value: String) {
        #expect(RoutingKey.value(of: RoutingKey.word(value)) == (value.isEmpty ? nil : value))
    }

    @Test("What is no escape is read as it stands", arguments: ["~", "~4", "~zz", "a~"])
    func noEscape(word: String) {
        #expect(RoutingKey.value(of: word) == word)
    }
}
