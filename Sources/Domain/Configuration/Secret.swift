/// A secret that steps may ask for: where a dispatcher finds it. The secret itself is in no configuration.
public struct Secret: Hashable, Sendable, Codable {
    public var name: String
    public var place: CredentialReference
    /// The projects whose builds may have it; empty: all.
    public var projects: [Glob]
    /// Also builds of what anybody may have written get it.
    public var untrusted: Bool

    public init(name: String, place: CredentialReference, projects: [Glob] = [], untrusted: Bool = false) {
        self.name = name
        self.place = place
        self.projects = projects
        self.untrusted = untrusted
    }
}

/// How a step gets a secret.
public struct SecretUse: Hashable, Sendable, Codable {
    public enum Form: String, Hashable, Sendable, Codable, CaseIterable {
        /// As the value of the variable.
        case value
        /// As a file that only the step's user can read; the variable has its path.
        case file
    }

    public var name: String
    public var form: Form
    /// A build that may not have it runs the step without.
    public var optional: Bool

    public init(_ name: String, form: Form = .value, optional: Bool = false) {
        self.name = name
        self.form = form
        self.optional = optional
    }

    /// The label that a worker has which can run such steps: older ones do not get their builds.
    public static let label = "doorbell-secrets"
    public static let labelValue = "1"
}

/// Which secrets a step gets.
public enum SecretDecision: Hashable, Sendable {
    /// By the names of the step's variables.
    case given([String: Secret])
    /// One line for people.
    case refused(String)
}

extension Configuration {
    public func secret(named name: String) -> Secret? { secrets.first { $0.name == name } }

    /// Which secrets a step of a build gets by this configuration: all that it needs, or none.
    public func secrets(for step: StepRecipe, project: String, untrusted: Bool) -> SecretDecision {
        var given: [String: Secret] = [:]
        for (variable, use) in step.secrets.sorted(by: { $0.key < $1.key }) {
            guard let secret = secret(named: use.name) else {
                return .refused("the configuration in force has no secret \(use.name)")
            }
            if untrusted, !secret.untrusted {
                guard use.optional else {
                    return .refused("the secret \(use.name) is not given to builds of what anybody may have written")
                }
            } else if !secret.projects.isEmpty, !secret.projects.contains(where: { $0.matches(project) }) {
                guard use.optional else { return .refused("the secret \(use.name) is not given to builds of project \(project)") }
            } else {
                given[variable] = secret
            }
        }
        return .given(given)
    }
}

extension Builder {
    /// One of its steps asks for a secret.
    public var usesSecrets: Bool { steps.contains { !$0.secrets.isEmpty } }
}
