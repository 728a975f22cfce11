import Domain

/// Names for steps that were given none: what they do, in a word or two.
enum StepNames {
    static func derived(for action: StepRecipe.Action, number: Int, taken: Set<String>) -> String {
        let wanted: String
        switch action {
        case .checkout: wanted = "checkout"
        case .trigger(let trigger): wanted = trigger.schedulers.first.map { "trigger \($0)" } ?? "trigger"
        case .run(.shell(let text)):
            let line = text.split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) } ?? ""
            wanted = plainWords(line.split(whereSeparator: \.isWhitespace).map(String.init)) ?? "step \(number)"
        case .run(.arguments(let words)): wanted = plainWords(words) ?? "step \(number)"
        }
        guard taken.contains(wanted) else { return wanted }
        var suffix = 2
        while taken.contains("\(wanted) \(suffix)") { suffix += 1 }
        return "\(wanted) \(suffix)"
    }

    /// The program, and the word after it when that is a plain one: `swift test`, `make`; nil when the program itself is not plain.
    private static func plainWords(_ words: [String]) -> String? {
        guard let program = words.first?.split(separator: "/").last.map(String.init), isPlain(program) else { return nil }
        guard words.count > 1, isPlain(words[1]) else { return program }
        return "\(program) \(words[1])"
    }

    private static func isPlain(_ word: String) -> Bool {
        guard let first = word.unicodeScalars.first, word.utf8.count <= 30, first != "-", first != "." else { return false }
        return word.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", "+", ":": true
            default: false
            }
        }
    }
}
