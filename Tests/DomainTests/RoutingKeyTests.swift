import Domain
import Testing

@Suite struct RoutingKeyTests {
    @Test("A key has eight words, whatever the names hold")
    func eightWords() {
        let key = RoutingKey(
            event: .buildFinished, project: "demo", branch: "release/1.0", builder: nil, worker: "", outcome: "success", id: "12")
        #expect(key.text == "build.finished.demo.release~2F1~2E0._._.success.12")
        #expect(key.text.split(separator: ".", omittingEmptySubsequences: false).count == 8)
    }

    @Test(
        "Different names are different words",
        arguments: [("_", nil), ("a.b", "a~2Eb"), (String(repeating: "a", count: 31), String(repeating: "a", count: 32))] as [(String, String?)])
    func wordsDiffer(_ left: String, _ right: String?) {
        #expect(RoutingKey.word(left) != RoutingKey.word(right))
    }

    @Test("The longest names make a key that the broker takes, and no escape is cut in two")
    func longest() {
        let odd = String(repeating: "é", count: 200)
        for start in ["", "a", "ab"] {
            let word = RoutingKey.word(start + odd)
            #expect(word.utf8.count <= RoutingKey.wordLimit)
            #expect(word.wholeMatch(of: /([A-Za-z0-9_-]|~[0-9A-F]{2})*/) != nil)
        }
        for kind in EventKind.allCases {
            let key = RoutingKey(event: kind, project: odd, branch: odd, builder: odd, worker: odd, outcome: odd, id: odd)
            #expect(key.text.utf8.count <= 255)
        }
    }
}
