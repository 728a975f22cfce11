import Domain
import Storage
import Wire

extension ServiceDocument {
    /// Services beat each minute at the latest; one that missed two is likely gone.
    static let longestSilence: Duration = .seconds(150)

    init(_ row: ServiceRow) {
        let reasons = row.health.split(separator: "\n").map(String.init)
        self.init(
            kind: row.kind, name: row.name, incarnation: row.incarnation, version: row.version, address: row.address,
            state: row.silence > Self.longestSilence ? .silent : reasons.isEmpty ? .ready : .degraded, reasons: reasons, started: row.started,
            heard: row.heard)
    }
}
