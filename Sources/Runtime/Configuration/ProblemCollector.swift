/// Gathers what is wrong while a configuration is read, so that all of it is told at once. A class, because every value that is read reports to the
/// same one; it never leaves the call that reads.
final class ProblemCollector {
    private var found: [ConfigurationProblem] = []

    var isEmpty: Bool { found.isEmpty }

    func add(_ text: String, file: String, at place: TextPlace? = nil) {
        found.append(ConfigurationProblem(file: file, line: place?.line ?? 0, column: place?.column ?? 0, text: text))
    }

    /// By line within a file; the files in the order in which they were read.
    func sorted(files: [String]) -> ConfigurationProblems {
        let order = Dictionary(files.enumerated().map { ($1, $0) }) { first, _ in first }
        let keyed = found.enumerated().map { (key: (order[$1.file] ?? files.count, $1.line, $1.column, $0), problem: $1) }
        return ConfigurationProblems(keyed.sorted { $0.key < $1.key }.map(\.problem))
    }
}
