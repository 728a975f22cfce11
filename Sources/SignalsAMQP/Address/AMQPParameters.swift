import Domain
import Foundation

/// The parameters of a broker's URL, with the names and units of RabbitMQ's own.
struct AMQPParameters {
    var heartbeat = 10
    var connectionTimeout = Duration.seconds(5)
    var tls: AMQPTLS?
    var loginByCertificate = false

    private static let always = ["auth_mechanism", "connection_timeout", "heartbeat"]
    private static let encryptedOnly = ["cacertfile", "certfile", "keyfile", "verify"]

    init(_ text: Substring, isEncrypted: Bool) throws(BrokerError) {
        let values = try Self.values(text, isEncrypted: isEncrypted)
        heartbeat = try Self.number("heartbeat", values, in: 1...3600, unit: "seconds") ?? heartbeat
        if let milliseconds = try Self.number("connection_timeout", values, in: 100...60_000, unit: "milliseconds") {
            connectionTimeout = .milliseconds(milliseconds)
        }
        switch values["auth_mechanism"]?.lowercased() {
        case nil, "plain": break
        case "external": loginByCertificate = true
        default: throw AMQPAddress.wrong("auth_mechanism is neither PLAIN nor EXTERNAL")
        }
        if isEncrypted { tls = try Self.tls(values) }
        if loginByCertificate, tls?.certificate == nil {
            throw AMQPAddress.wrong("auth_mechanism=EXTERNAL needs amqps:// with certfile and keyfile")
        }
    }

    private static func values(_ text: Substring, isEncrypted: Bool) throws(BrokerError) -> [String: String] {
        var values: [String: String] = [:]
        let known = always + (isEncrypted ? encryptedOnly : [])
        for parameter in text.split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(pair[0])
            guard known.contains(name) else {
                if encryptedOnly.contains(name) { throw AMQPAddress.wrong("\(name) is for amqps://") }
                // It may be the rest of a password with a "?" in it: only what looks like a name is shown.
                let shown = name.allSatisfy({ $0.isLetter || $0 == "_" }) ? " \"\(name.prefix(60))\"" : " of that name"
                let guess = NearestWord.to(name, among: known).map { ", did you mean \($0)?" } ?? ""
                throw AMQPAddress.wrong("there is no parameter\(shown)\(guess) (known: \(known.sorted().joined(separator: ", ")))")
            }
            guard pair.count == 2, !pair[1].isEmpty else { throw AMQPAddress.wrong("the parameter \(name) has no value") }
            guard values[name] == nil else { throw AMQPAddress.wrong("the parameter \(name) is there twice") }
            values[name] = try AMQPAddress.decoded(pair[1], name)
        }
        return values
    }

    private static func number(
        _ name: String, _ values: [String: String], in range: ClosedRange<Int>, unit: String
    ) throws(BrokerError) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw AMQPAddress.wrong("\(name) is not a number of \(unit) from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func tls(_ values: [String: String]) throws(BrokerError) -> AMQPTLS {
        for name in ["cacertfile", "certfile", "keyfile"] {
            guard let path = values[name] else { continue }
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw AMQPAddress.wrong("\(name) names \(path.prefix(300)), which is no file that can be read here")
            }
        }
        let isVerified: Bool
        switch values["verify"] {
        case nil, "verify_peer": isVerified = true
        case "verify_none": isVerified = false
        default: throw AMQPAddress.wrong("verify is neither verify_peer nor verify_none")
        }
        guard let authorities = values["cacertfile"] ?? AMQPTLS.findSystemAuthorities() ?? (isVerified ? nil : "") else {
            throw AMQPAddress.wrong("this system has no list of authorities: name one with cacertfile=FILE")
        }
        switch (values["certfile"], values["keyfile"]) {
        case (nil, nil): return AMQPTLS(authorities: authorities, isVerified: isVerified, certificate: nil)
        case (let file?, let keyFile?):
            return AMQPTLS(authorities: authorities, isVerified: isVerified, certificate: .init(file: file, keyFile: keyFile))
        default: throw AMQPAddress.wrong("certfile and keyfile go together")
        }
    }
}
