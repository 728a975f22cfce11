/// One HTTP request to somebody else's server.
struct OutgoingCall: Sendable {
    var url: String
    var headers: [(String, String)]
    var body: [UInt8]
    /// The server may be at an address that only this network knows.
    var mayBePrivate: Bool
}
