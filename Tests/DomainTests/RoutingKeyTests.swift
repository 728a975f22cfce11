import Domain
import Testing

@Suite struct RoutingKeyTests {
    private static let hostile = [
        "a.b", "a#b", "*", "#", "feature/x y", "ünï", "~7E", "~", "_", "a\u{0}b", "\n", "....", "漢字", "-", "..~..", "release/1.2.3", "a~2Eb",
    ]

    @Test("The key is eight words behind each other, and what is absent is `_`")
    func shape() {
        let key = RoutingKey(
            event: .buildFinished, project: "demo", branch: "main", builder: "test", worker: nil, outcome: "success", id: "17")
        #expect(key.text == "build.finished.demo.main.test._.success.17")
        let empty = RoutingKey(event: .configApplied, project: nil, branch: "", builder: nil, worker: nil, outcome: nil, id: nil)
        #expect(empty.text == "config.applied._._._._._._")
    }

    @Test("A hostile name is one word of harmless letters, from which it can be read back", arguments: hostile)
    func roundTrip(name: String) {
        let word = RoutingKey.word(name)
        #expect(word.utf8.allSatisfy(Self.isHarmless))
        #expect(word.utf8.count <= RoutingKey.wordLimit)
        #expect(Self.decode(word) == name)
    }

    @Test("Different names are different words, those that only look escaped or absent too")
    func distinct() {
        let long = String(repeating: "x", count: 100)
        let names = Self.hostile + [long, long + "y", "z" + long, String(repeating: ".", count: 40), String(repeating: ".", count: 41), "~5F"]
        #expect(Set(names.map { RoutingKey.word($0) }).count == names.count)
        #expect(!names.map { RoutingKey.word($0) }.contains("_"))
    }

    @Test("A long word keeps its beginning, ends in a hash of the whole, and no escape is cut in two", arguments: 0..<40)
    func capped(plain: Int) {
        let name = String(repeating: "a", count: plain) + String(repeating: "é", count: 30)
        let word = RoutingKey.word(name)
        #expect(word.utf8.count <= RoutingKey.wordLimit)
        let (kept, hash) = (String(word.dropLast(8)), word.suffix(8))
        #expect(hash.allSatisfy { $0.isHexDigit })
        #expect(Self.decodeBytes(kept).map { name.utf8.starts(with: $0) } == true)
        #expect(kept.utf8.count >= min(plain, 22) && kept.utf8.count > 18)
    }

    @Test("The hash is FNV-1a, so that any consumer can compute it")
    func hash() {
        #expect(RoutingKey.word(String(repeating: "a", count: 31)) == String(repeating: "a", count: 22) + "3363ee06")
    }

    @Test("No names make a key longer than 255 bytes", arguments: EventKind.allCases)
    func bound(event: EventKind) {
        for letter in ["a", ".", "漢"] {
            let name = String(repeating: letter, count: 10_000)
            let key = RoutingKey(event: event, project: name, branch: name, builder: name, worker: name, outcome: name, id: name)
            #expect(key.text.utf8.count <= 255)
            #expect(key.text.split(separator: ".", omittingEmptySubsequences: false).count == 8)
        }
    }

    private static func isHarmless(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x7E: true
        default: false
        }
    }

    private static func decode(_ word: String) -> String? {
        decodeBytes(word).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What a consumer does to read a name back.
    private static func decodeBytes(_ word: String) -> [UInt8]? {
        let letters = Array(word.utf8)
        var bytes: [UInt8] = []
        var place = 0
        while place < letters.count {
            if letters[place] == UInt8(ascii: "~") {
                guard place + 2 < letters.count, let byte = UInt8(String(decoding: letters[place + 1...place + 2], as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(byte)
                place += 3
            } else {
                bytes.append(letters[place])
                place += 1
            }
        }
        return bytes
    }
}
