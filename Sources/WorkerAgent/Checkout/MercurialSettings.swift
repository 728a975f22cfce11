import Domain
import Foundation

/// What hg is told beside its arguments: no configuration but ours, so that neither the machine nor a repository has it load an extension or run a hook.
struct MercurialSettings: Sendable {
    /// The environment of hg.
    ///
    /// - Parameter configuration: a file with the lines of a credential; empty: none at all.
    static func environment(
        base: [String: String], own: [String: String], step: [String: String], configuration: String
    ) -> [String: String] {
        var result = base.merging(own.filter { GitSettings.inherited.contains($0.key) }) { _, new in new }.merging(step) { _, new in new }
        for name in result.keys where name.hasPrefix("HG") { result[name] = nil }
        let fixed = [
            "HGPLAIN": "1", "HGENCODING": "UTF-8", "HGRCPATH": configuration, "HGRCSKIPREPO": "1", "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
        ]
        return result.merging(fixed) { _, new in new }
    }

    /// In front of every command. A subrepository names an address of its own, to which nobody may be sent.
    static let arguments = ["--noninteractive", "--config", "subrepos.allowed=no", "--config", "ui.timeout=30"]

    /// Where no credential says otherwise.
    static let ssh = ["--config", "ui.ssh=ssh -o BatchMode=yes"]
}
