import Foundation

/// How a connection is encrypted, and whom it trusts.
public struct AMQPTLS: Hashable, Sendable {
    /// The authorities that may have signed the broker's certificate.
    public var authorities: String
    /// Whether the broker's certificate and the host name in it are checked.
    public var isVerified: Bool
    /// The client's own certificate and its key.
    public var certificate: Certificate?

    public struct Certificate: Hashable, Sendable {
        public var file: String
        public var keyFile: String
    }

    /// Where systems keep the authorities that they trust: librabbitmq before 0.14 knows no default of its own.
    static let systemAuthorities = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]

    static func findSystemAuthorities() -> String? {
        systemAuthorities.first { FileManager.default.isReadableFile(atPath: $0) }
    }
}
