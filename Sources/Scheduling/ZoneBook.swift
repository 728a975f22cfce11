import Domain
import Foundation

/// Knows the time zones by their names, as the system does.
public enum ZoneBook {
    /// Nil when there is no zone of that name.
    public static func rule(named name: String) -> ZoneRule? {
        guard let zone = TimeZone(identifier: name) else { return nil }
        return ZoneRule { moment in Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment)))) }
    }

    public static var names: [String] { TimeZone.knownTimeZoneIdentifiers }
}
