import Domain
import HTTPDoor
import Wire

/// The one field that every version of the protocol has: it is looked at before anything else.
struct ProtocolVersion: Decodable, Sendable {
    let `protocol`: Int

    func check() throws {
        guard `protocol` == WorkerProtocol.version else {
            throw Problem(
                status: 422, code: "unsupported_protocol", title: "The worker speaks another version of the protocol",
                detail: "this server speaks version \(WorkerProtocol.version), the worker \(`protocol`): "
                    + "install the doorbell-worker that belongs to this server",
                errors: [Problem.FieldError(pointer: "/protocol", detail: "expected \(WorkerProtocol.version)")])
        }
    }
}

extension SessionRequest {
    static let mostLabels = 50
    static let mostSlots = 1000

    /// Refuses what no worker of ours says; every wrong field is named.
    func check() throws {
        var errors: [Problem.FieldError] = []
        func expect(_ isRight: Bool, _ pointer: String, _ expected: String) {
            if !isRight { errors.append(Problem.FieldError(pointer: pointer, detail: "expected \(expected)")) }
        }
        expect(
            SafeText.isName(worker, upTo: 100), "/worker", "1 to 100 letters, digits, \".\", \"_\" or \"-\", the first a letter, a digit or \"_\"")
        expect(SafeText.isToken(incarnation, length: 8...100), "/incarnation", "8 to 100 printable characters without spaces")
        expect(SafeText.isToken(secret, length: 32...200), "/secret", "32 to 200 printable characters without spaces")
        expect(SafeText.isPlain(version, upTo: 100), "/version", "at most 100 bytes without control characters")
        expect((1...Self.mostSlots).contains(slots), "/slots", "1 to \(Self.mostSlots)")
        expect(labels.count <= Self.mostLabels, "/labels", "at most \(Self.mostLabels) labels")
        expect(
            labels.allSatisfy { !$0.key.isEmpty && SafeText.isPlain($0.key, upTo: 100) && SafeText.isPlain($0.value, upTo: 200) }, "/labels",
            "names of 1 to 100 and values of at most 200 bytes without control characters")
        guard errors.isEmpty else { throw Problem.invalidFields(errors) }
    }
}
