/// Finds the known word that a mistyped one was most likely meant to be.
public enum NearestWord {
    /// The known word with the smallest edit distance, when it is close enough to be a slip of the fingers (a third of the length, at least one).
    public static func to(_ word: String, among known: some Sequence<String>) -> String? {
        let typed = Array(word.lowercased().unicodeScalars.prefix(100))
        guard !typed.isEmpty else { return nil }
        var best: (word: String, distance: Int)?
        for candidate in known {
            let letters = Array(candidate.lowercased().unicodeScalars.prefix(100))
            let distance = distance(typed, letters)
            guard distance <= max(1, max(typed.count, letters.count) / 3), candidate != word else { continue }
            if let best, (best.distance, best.word) <= (distance, candidate) { continue }
            best = (candidate, distance)
        }
        return best?.word
    }

    /// Optimal string alignment: insertions, deletions, replacements, and swaps of neighbours count one each.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let replaced = previous[column] + (left[row] == right[column] ? 0 : 1)
                var least = min(replaced, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, beforePrevious[column - 1] + 1)
                }
                current.append(least)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}
