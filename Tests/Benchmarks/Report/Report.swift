import Foundation

/// What a run found, benchmark by benchmark, as a table for people or as JSON.
struct Report: Sendable {
    struct Section: Sendable {
        var title: String
        var figures: [Figure]
        /// The share of the machine that neither the benchmark nor what it started used while it was busy.
        var takenByOthers: Double
        var notes: [String] = []
    }

    private static let columns = [52, 16, 9]

    /// A section, as it is printed when it is done.
    static func text(_ section: Section) -> String {
        let taken = String(format: "others took %.0f %% of the processors", 100 * section.takenByOthers)
        var lines = ["\(section.title) (\(taken))"]
        lines += section.figures.map { figure in
            let value = number(figure.value) + (figure.unit.rawValue.isEmpty ? "" : " " + figure.unit.rawValue)
            let ratio = figure.ratio.map { "x " + number($0) } ?? ""
            let floor = figure.floor.map { "of \(number($0.value)) \(figure.unit.rawValue): \($0.what)" }
            let rest = [floor, figure.goal.map { "goal: \($0)" }].compactMap(\.self).joined(separator: "; ")
            return ("  " + pad(figure.name, columns[0]) + padLeft(value, columns[1]) + "  " + pad(ratio, columns[2]) + rest).trimmingRight()
        }
        lines += section.notes.map { "  " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    static func json(_ sections: [Section]) throws -> String {
        let objects = sections.flatMap { section in
            section.figures.map { figure in
                var object: [String: Any] = [
                    "benchmark": section.title, "name": figure.name, "value": figure.value, "unit": figure.unit.rawValue,
                    "taken_by_others": section.takenByOthers,
                ]
                object["floor"] = figure.floor?.value
                object["floor_is"] = figure.floor?.what
                object["ratio"] = figure.ratio
                object["goal"] = figure.goal
                return object
            }
        }
        let data = try JSONSerialization.data(withJSONObject: objects, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }

    /// Three digits that count.
    static func number(_ value: Double) -> String {
        switch abs(value) {
        case 100...: String(format: "%.0f", value)
        case 10..<100: String(format: "%.1f", value)
        case 0: "0"
        default: String(format: "%.2f", value)
        }
    }

    private static func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
    private static func padLeft(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
}

extension String {
    fileprivate func trimmingRight() -> String {
        lastIndex { $0 != " " }.map { String(self[...$0]) } ?? ""
    }
}
