/// One thing that is wrong in a configuration: where, what was found, what was expected.
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// Line and column count from 1; 0 when the problem is not inside the file.
    public var line: Int
    public var column: Int
    public var text: String

    public init(file: String, line: Int = 0, column: Int = 0, text: String) {
        self.file = file
        self.line = line
        self.column = column
        self.text = text
    }

    public var description: String {
        line > 0 ? "\(file):\(line):\(column): \(text)" : "\(file): \(text)"
    }
}

/// Everything that is wrong in a configuration, in the order of its files and lines.
public struct ConfigurationProblems: Error, Hashable, Sendable, CustomStringConvertible {
    public var problems: [ConfigurationProblem]

    /// More would only scroll the first ones away.
    static let mostShown = 100

    public init(_ problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    /// One problem a line, as compilers print them.
    public var description: String {
        var lines = problems.prefix(Self.mostShown).map(\.description)
        if problems.count > Self.mostShown { lines.append("… and \(problems.count - Self.mostShown) more problems") }
        return lines.joined(separator: "\n")
    }
}
