import Testing

@testable import WorkerAgent

@Suite struct RedactorTests {
    @Test("A secret is masked wherever a stream is cut", arguments: 1...12)
    func cuts(size: Int) {
        var redactor = Redactor(["hunter2", "hunt"])
        let text = Array("a hunter2b hunt hunte huntehunter2".utf8)
        var shown: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            part.withUnsafeBytes { shown += redactor.take($0) }
        }
        shown += redactor.finish()
        #expect(String(decoding: shown, as: UTF8.self) == "a ***b *** ***e ***e***")
    }

    @Test("Without secrets nothing is held back or changed")
    func none() {
        var redactor = Redactor([""])
        let bytes: [UInt8] = [0, 255, 10, 13]
        #expect(bytes.withUnsafeBytes { redactor.take($0) } == bytes)
        #expect(redactor.finish().isEmpty)
    }
}
