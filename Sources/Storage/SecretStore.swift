import Domain

public protocol SecretStore: Sendable {
    /// Which secrets a step of a build gets, by the configuration in force. The fence of the build counts. No store ever holds a secret.
    func secrets(for call: StepCall) async throws -> SecretVerdict
}

public enum SecretVerdict: Hashable, Sendable {
    case decided(SecretDecision)
    case stale(String)
    case notFound
    /// The step asks for none, or is over.
    case invalid(String)
}
