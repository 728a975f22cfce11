import Domain
import Foundation

/// What `doorbell plan` found, for eyes and for programs.
struct PlanReport {
    let path: String
    /// In force; nil: none is.
    let revision: ConfigurationID?
    let changes: [Change]
    /// There are older changes that were asked for, beyond the limit.
    let isCut: Bool
    let comparison: PlanComparison
    let mostDifferences: Int

    private var leftOut: Int { max(0, comparison.differences.count - mostDifferences) }

    private var warnings: [String] {
        comparison.matchEverything.map { "scheduler \($0) takes every one of these changes" }
            + comparison.matchNothing.map { "scheduler \($0) takes none of these changes" }
    }

    // MARK: For eyes

    var text: String {
        guard !changes.isEmpty else { return "there are no such changes to plan with\n" }
        var text = title + "\n\n" + rules
        if !warnings.isEmpty { text += "\n" + warnings.map { "warning: \(Table.printable($0))\n" }.joined() }
        guard !comparison.differences.isEmpty else { return text + "\neach change is built as it is now\n" }
        text += "\n" + differences
        if leftOut > 0 { text += "\(leftOut) more \(leftOut == 1 ? "change is" : "changes are") built otherwise: --differences shows more\n" }
        return text
    }

    private var title: String {
        let against = revision.map { "against revision \($0)" } ?? "with no configuration in force"
        let which = changes.count == 1 ? "change \(changes[0].id)" : "\(changes.count) changes, \(changes[0].id) to \(changes[changes.count - 1].id)"
        return Table.printable("\(path) \(against): \(which)\(isCut ? "; there are older ones: see --limit" : "")")
    }

    private var rules: String {
        var table = Table("SCHEDULER", "CHANGES", "BUILDSETS", "BUILDS", "IN FORCE")
        for rule in comparison.rules {
            let counts = rule.after.map { [String($0.changes), String($0.buildsets), String($0.builds)] } ?? ["", "", ""]
            table.rows.append([rule.name] + counts + [Self.inForce(rule)])
        }
        return table.rows.isEmpty ? "no schedulers\n" : table.render()
    }

    private static func inForce(_ rule: PlanComparison.Rule) -> String {
        if rule.firedBy == .clock { return "fired by the clock" }
        if rule.firedBy == .builds { return "triggered by builds" }
        guard let before = rule.before else { return "not there" }
        guard let after = rule.after else { return "\(counts(before)); gone from the file" }
        return before == after ? "the same" : counts(before)
    }

    private static func counts(_ tally: PlanReplay.Tally) -> String {
        [Phrases.count(tally.changes, "change"), Phrases.count(tally.buildsets, "buildset"), Phrases.count(tally.builds, "build")]
            .joined(separator: ", ")
    }

    private var differences: String {
        let byID = Dictionary(changes.map { ($0.id, $0.content) }) { first, _ in first }
        var table = Table("CHANGE", "BRANCH", "REVISION", "BUILT AS WELL", "NOT BUILT")
        for difference in comparison.differences.prefix(mostDifferences) {
            let content = byID[difference.change]
            table.rows.append([
                difference.change.description, Phrases.firstLine(content?.branch ?? "", limit: 40), Phrases.revision(content?.revision),
                Self.decisions(difference.added), Self.decisions(difference.removed),
            ])
        }
        return table.rows.isEmpty ? "" : table.render()
    }

    private static func decisions(_ decisions: [PlanComparison.Decision]) -> String {
        let words = decisions.map { "\($0.scheduler): \($0.builders.joined(separator: ", "))" }
        return Phrases.firstLine(words.joined(separator: "; "), limit: 80)
    }

    // MARK: For programs

    var json: String {
        get throws {
            try Document(
                .object([
                    "revision": revision.map { .integer($0.rawValue) } ?? .null, "changes": .array(changes.map { .integer($0.id.rawValue) }),
                    "more": .bool(isCut), "schedulers": .array(comparison.rules.map(Self.value)),
                    "differences": .array(comparison.differences.prefix(mostDifferences).map(Self.value)), "left_out": .integer(Int64(leftOut)),
                    "warnings": .array(warnings.map(JSONValue.string)),
                ])
            ).json
        }
    }

    private static func value(_ rule: PlanComparison.Rule) -> JSONValue {
        var fields: [String: JSONValue] = ["name": .string(rule.name), "fired_by": .string(rule.firedBy.rawValue)]
        fields["planned"] = rule.after.map(value)
        fields["in_force"] = rule.before.map(value)
        return .object(fields)
    }

    private static func value(_ tally: PlanReplay.Tally) -> JSONValue {
        .object([
            "changes": .integer(Int64(tally.changes)), "buildsets": .integer(Int64(tally.buildsets)), "builds": .integer(Int64(tally.builds)),
        ])
    }

    private static func value(_ difference: PlanComparison.Difference) -> JSONValue {
        .object([
            "change": .integer(difference.change.rawValue), "added": .array(difference.added.map(value)),
            "removed": .array(difference.removed.map(value)),
        ])
    }

    private static func value(_ decision: PlanComparison.Decision) -> JSONValue {
        .object(["scheduler": .string(decision.scheduler), "builders": .array(decision.builders.map(JSONValue.string))])
    }
}
