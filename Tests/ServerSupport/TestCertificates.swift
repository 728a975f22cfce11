import Foundation
import ProcessSupport

/// Certificates made by openssl for one test process: an authority, a broker's for `localhost`, a client's, and an authority nobody knows.
public struct TestCertificates: Sendable {
    public let directory: String
    /// The common name of the client's certificate.
    public static let clientName = "doorbell-client"

    public var authority: String { directory + "/ca.pem" }
    public var strangeAuthority: String { directory + "/strange.pem" }
    public var client: String { directory + "/client.pem" }
    public var clientKey: String { directory + "/client.key" }

    static func make(in directory: String) async throws -> TestCertificates {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let script = """
            set -e
            authority() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -days 2 -subj "/CN=$2" 2>/dev/null; }
            signed() {
                openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj "/CN=$2" 2>/dev/null
                printf '%s' "$3" >$1.ext
                openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $1.pem -days 2 -extfile $1.ext 2>/dev/null
            }
            authority ca "Doorbell test authority"
            authority strange "Somebody else's authority"
            signed server localhost "subjectAltName=DNS:localhost"
            signed client \(clientName) "extendedKeyUsage=clientAuth"
            """
        let process = try RunningProcess("/bin/bash", ["-c", script], in: directory, logs: directory, name: "openssl")
        guard await process.status() == 0 else { throw ServerScript.Failure(text: "openssl failed: \(process.errorOutput)") }
        return TestCertificates(directory: directory)
    }
}
