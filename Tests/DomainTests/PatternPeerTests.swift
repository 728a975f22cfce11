import Foundation
import Testing

@testable import Domain

/// Random patterns, against others that go about it in another way.
@Suite(.timeLimit(.minutes(5))) struct PatternPeerTests {
    /// Only without loops over the empty text: a backtracking engine gives such a loop up to come to an end, and then misses matches, as ICU does
    /// for `(?:\B||c)+?$` on "1A".
    @Test("Random patterns match the texts that they match in Foundation", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func agreesWithFoundation(seed: UInt64) throws {
        var cases = PatternCases(seed: seed, repeatsEmpty: false)
        try compare(&cases, seed: seed) { source in
            guard let peer = try? NSRegularExpression(pattern: source) else { return nil }
            return { text in peer.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil }
        }
    }

    @Test("Random patterns match the texts that their trees say, read literally", arguments: [6, 7, 8, 9, 10] as [UInt64])
    func agreesWithDefinition(seed: UInt64) throws {
        var cases = PatternCases(seed: seed, repeatsEmpty: true)
        try compare(&cases, seed: seed) { source in
            var parser = try PatternParser(source)
            let tree = try parser.pattern()
            // Anywhere in the text: from all of its places at once.
            return { text in !PatternDefinition(text).ends(of: tree, from: Set(0...text.unicodeScalars.count)).isEmpty }
        }
    }

    private func compare(_ cases: inout PatternCases, seed: UInt64, _ peer: (String) throws -> ((String) -> Bool)?) throws {
        var compared = 0
        var matched = 0
        for _ in 0..<1_000 {
            let source = cases.pattern()
            guard let pattern = try? Pattern(source), let expects = try peer(source) else { continue }
            for _ in 0..<10 {
                let text = cases.text()
                let expected = expects(text)
                if pattern.matches(text) != expected { Issue.record("seed \(seed): \(source) on \"\(text)\" is not \(expected)") }
                compared += 1
                matched += expected ? 1 : 0
            }
        }
        // Otherwise the comparison would say nothing.
        #expect(compared > 9_000)
        #expect(matched > compared / 10 && matched < compared * 9 / 10, "\(matched) of \(compared)")
    }
}
