/// Where rings and events go across processes: `DOORBELL_AMQP_URL` and what belongs to it.
public struct BrokerSettings: Hashable, Sendable {
    /// One URL or several, separated by commas. They may hold passwords: shown to nobody.
    public var url: String
    /// The user part of every exchange's and queue's name.
    public var prefix: String
    /// Exchanges are only checked, never declared: for brokers where we may not configure.
    public var isPassive: Bool

    init(url: String, prefix: String?, declare: String?) throws(SettingsError) {
        self.url = url
        self.prefix = prefix ?? "doorbell"
        guard self.prefix.utf8.count <= 64, self.prefix.utf8.allSatisfy(Self.isPlain) else {
            throw SettingsError(
                variable: "DOORBELL_AMQP_PREFIX", found: "a name of other characters", expected: "1 to 64 letters, digits, \".\", \"_\" or \"-\"")
        }
        switch declare ?? "active" {
        case "active": isPassive = false
        case "passive": isPassive = true
        case let other:
            throw SettingsError(
                variable: "DOORBELL_AMQP_DECLARE", found: other, expected: "active, or passive when somebody else declares the exchanges")
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
