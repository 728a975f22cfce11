/// Columns for eyes: as wide as their widest cell, the last one as long as it likes.
struct Table {
    var header: [String]
    var rows: [[String]] = []

    init(_ header: String...) {
        self.header = header
    }

    func render() -> String {
        let lines = [header] + rows.map { $0.map(Self.printable) }
        let widths = header.indices.map { column in lines.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0 }
        return lines.map { cells in
            var line = ""
            for (column, cell) in cells.enumerated() {
                line += cell
                if column < cells.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// What comes from outside may not move the cursor or colour the terminal.
    static func printable(_ text: String) -> String {
        String(text.map { character in character.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "\u{FFFD}" : character })
    }
}
