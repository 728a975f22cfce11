import Foundation

/// One call of a forge, before anything of it is believed.
struct HookDelivery: Sendable {
    /// Names in lower case.
    var headers: [String: String]
    var body: Data

    func header(_ names: String...) -> String? { names.lazy.compactMap { headers[$0] }.first }
}
