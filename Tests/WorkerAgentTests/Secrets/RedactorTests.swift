import Foundation
import ProcessSupport
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

    /// What a reader sees: every byte that belongs to some secret, a run of them as one mask. Said without a machine.
    private static func masked(_ text: [UInt8], _ secrets: [[UInt8]], upTo end: Int? = nil, from half: Int? = nil) -> [UInt8] {
        var isSecret = text.indices.map { place in half.map { place >= $0 } ?? false }
        for secret in secrets where !secret.isEmpty {
            for start in text.indices where text[start...].starts(with: secret) {
                for place in start..<start + secret.count { isSecret[place] = true }
            }
        }
        var shown: [UInt8] = []
        for place in text.indices.prefix(end ?? text.count) {
            if !isSecret[place] {
                shown.append(text[place])
            } else if place == 0 || !isSecret[place - 1] {
                shown += Array("***".utf8)
            }
        }
        return shown
    }

    @Test("However a text is cut, it is shown as the whole would be, and nothing is held back that no secret begins with", arguments: 0..<200)
    func splits(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Few letters, so that secrets overlap each other and themselves.
        func word(_ lengths: ClosedRange<Int>) -> [UInt8] {
            (0..<Int.random(in: lengths, using: &random)).map { _ in UInt8.random(in: 97...99, using: &random) }
        }
        let secrets = (0..<Int.random(in: 1...6, using: &random)).map { _ in word(1...7) }
        var text: [UInt8] = []
        for _ in 0..<12 { text += Bool.random(using: &random) ? word(0...9) : secrets.randomElement(using: &random) ?? [] }
        var redactor = Redactor(SecretMachine(secrets))
        var shown: [UInt8] = []
        var place = 0
        while place < text.count {
            let size = min(Int.random(in: 1...5, using: &random), text.count - place)
            text[place..<place + size].withUnsafeBytes { shown += redactor.take($0) }
            place += size
            let begun = (0..<place).first { start in secrets.contains { $0.count > place - start && $0.starts(with: text[start..<place]) } }
            #expect(shown == Self.masked(Array(text[..<place]), secrets, upTo: begun ?? place))
        }
        shown += redactor.finish()
        let half = text.indices.first { start in
            text.count - start >= 4 && secrets.contains { $0.starts(with: text[start...]) && (text.count - start) * 2 >= $0.count }
        }
        #expect(
            shown == Self.masked(text, secrets, from: half),
            "\(String(decoding: text, as: UTF8.self)) \(secrets.map { String(decoding: $0, as: UTF8.self) })")
    }

    @Test("A text that keeps beginning like a secret costs no more for it")
    func repetition() {
        let secret = [UInt8](repeating: 97, count: 20_000) + [98]
        var redactor = Redactor(SecretMachine([secret]))
        let text = [UInt8](repeating: 97, count: 2_000_000)
        var shown = text.withUnsafeBytes { redactor.take($0) }
        #expect(shown.count == text.count - 20_000)
        shown += redactor.finish()
        #expect(shown == text.dropLast(20_000) + Array("***".utf8))
    }

    @Test("Half of a secret at the end of a stream is masked, less is shown")
    func halves() {
        func shown(_ text: String) -> String {
            var redactor = Redactor(["0123456789", "abcd"])
            let bytes = Array(text.utf8)
            return String(decoding: bytes.withUnsafeBytes { redactor.take($0) } + redactor.finish(), as: UTF8.self)
        }
        #expect(shown("x 01234") == "x ***")
        #expect(shown("x 012345678") == "x ***")
        #expect(shown("x 0123") == "x 0123")
        #expect(shown("x abc") == "x abc")
        #expect(shown("0123456789 01234\n") == "*** 01234\n")
        #expect(shown("abcd012345") == "***")
    }

    @Test("A secret is known as the trace of a shell writes it")
    func traced() {
        var redactor = Redactor(SecretMachine(SecretForms.all(of: Array("it's a se'cret".utf8))))
        let bytes = Array(#"+ deploy 'it'\''s a se'\''cret'"#.utf8)
        let text = bytes.withUnsafeBytes { redactor.take($0) } + redactor.finish()
        #expect(String(decoding: text, as: UTF8.self) == "+ deploy '***'")
    }

    @Test("Secrets are known by their lines and in Base64 too, whatever stands around them and wherever it is wrapped")
    func forms() throws {
        let key = (0..<9).map { "line \($0) of the key \($0 * 7919)" }.joined(separator: "\n") + "\n"
        for secret in ["hunter2-hunter2", key, "\u{0}\u{fffd}bytes??>>"] {
            let machine = SecretMachine(SecretForms.all(of: Array(secret.utf8)))
            func shown(_ text: String) -> String {
                var redactor = Redactor(machine)
                let bytes = Array(text.utf8)
                return String(decoding: bytes.withUnsafeBytes { redactor.take($0) } + redactor.finish(), as: UTF8.self)
            }
            #expect(shown("a\(secret.trimmingCharacters(in: .newlines))b") == "a***b")
            #expect(shown("x" + Data(secret.utf8).base64EncodedString()).hasPrefix("x***"))
            #expect(shown("x" + Data(secret.utf8).base64EncodedString()).count <= 12)
            let whole = secret.trimmingCharacters(in: .newlines)
            let unreserved = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: Unicode.Scalar(0)..."~")).union(
                .init(charactersIn: "-._~"))
            let url = try #require(whole.addingPercentEncoding(withAllowedCharacters: unreserved))
            #expect(shown("https://u:\(url)@host") == "https://u:***@host")
            let json = String(decoding: try JSONEncoder().encode(["k": whole]), as: UTF8.self)
            #expect(shown(json) == #"{"k":"***"}"#, "\(json)")
            for user in ["", "u", "us", "use"] {
                let text = Data("\(user):\(secret)\n".utf8).base64EncodedString()
                #expect(shown(text).count <= 16, "\(user) \(shown(text))")
            }
            for width in [64, 76] {
                let text = Data(secret.utf8).base64EncodedString(options: width == 64 ? .lineLength64Characters : .lineLength76Characters)
                #expect(shown(text).split(whereSeparator: \.isNewline).allSatisfy { $0.hasPrefix("***") && $0.count <= 7 }, "\(shown(text))")
            }
        }
        var redactor = Redactor(SecretMachine(SecretForms.all(of: Array(key.utf8))))
        let lines = Array("1: line 3 of the key 23757\n2: line 4 of the key\n".utf8)
        let text = lines.withUnsafeBytes { redactor.take($0) } + redactor.finish()
        #expect(String(decoding: text, as: UTF8.self) == "1: ***\n2: line 4 of the key\n")
    }
}
