/// One step of a builder as it is configured. `${name}` in texts is replaced by the property of that name when the build is assigned.
public struct StepRecipe: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        case checkout(Checkout)
        case run(Command)
        case trigger(Trigger)
    }

    public enum Command: Hashable, Sendable {
        /// Handed to `/bin/sh -c`.
        case shell(String)
        /// The program and its arguments, with no shell between.
        case arguments([String])
    }

    public struct Checkout: Hashable, Sendable, Codable {
        public enum Mode: String, Hashable, Sendable, Codable, CaseIterable {
            /// Everything that git does not track is removed first.
            case clean
            /// What earlier builds left stays.
            case incremental
        }
        /// What brings the files.
        public enum System: String, Hashable, Sendable, Codable, CaseIterable {
            case git, mercurial
        }
        public var mode: Mode
        public var submodules: Bool
        public var credential: CredentialReference?
        /// Where in the build's directory the tree goes; empty: the directory itself.
        public var directory: String
        public var system: System

        public init(
            mode: Mode = .clean, submodules: Bool = false, credential: CredentialReference? = nil, directory: String = "", system: System = .git
        ) {
            self.system = system
            self.mode = mode
            self.submodules = submodules
            self.credential = credential
            self.directory = directory
        }

        private enum CodingKeys: String, CodingKey {
            case mode, submodules, credential, directory, system
        }

        /// What was written before there was a choice says nothing of it.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(
                mode: try container.decode(Mode.self, forKey: .mode), submodules: try container.decode(Bool.self, forKey: .submodules),
                credential: try container.decodeIfPresent(CredentialReference.self, forKey: .credential),
                directory: try container.decode(String.self, forKey: .directory),
                system: try container.decodeIfPresent(System.self, forKey: .system) ?? .git)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(mode, forKey: .mode)
            try container.encode(submodules, forKey: .submodules)
            try container.encodeIfPresent(credential, forKey: .credential)
            try container.encode(directory, forKey: .directory)
            if system != .git { try container.encode(system, forKey: .system) }
        }
    }

    /// Has schedulers of kind `triggerable` build at the build's revision.
    public struct Trigger: Hashable, Sendable, Codable {
        public var schedulers: [String]
        /// The step ends when all of their buildsets have, as the worst of them; else as soon as they are made.
        public var wait: Bool
        /// Over those of the build's buildset and of the schedulers.
        public var properties: [String: JSONValue]

        public init(schedulers: [String], wait: Bool = true, properties: [String: JSONValue] = [:]) {
            self.schedulers = schedulers
            self.wait = wait
            self.properties = properties
        }
    }

    public var name: String
    public var action: Action
    public var environment: [String: String]
    /// What it gets of the configuration's secrets, by the names of its variables.
    public var secrets: [String: SecretUse]
    /// Relative to the build's directory; may not leave it.
    public var directory: String
    public var timeout: Duration?
    /// The longest silence.
    public var idleTimeout: Duration?
    /// A failure of this step does not stop the steps after it; the build still fails.
    public var continueOnFailure: Bool
    /// Runs even when an earlier step failed or the build was cancelled.
    public var always: Bool
    /// A failure counts as `warnings`.
    public var warningsOnly: Bool
    /// How many times a failed step is run again.
    public var retries: Int

    public static let defaultTimeout: Duration = .seconds(3600)

    public init(
        name: String, action: Action, environment: [String: String] = [:], secrets: [String: SecretUse] = [:], directory: String = "",
        timeout: Duration? = nil,
        idleTimeout: Duration? = nil, continueOnFailure: Bool = false, always: Bool = false, warningsOnly: Bool = false, retries: Int = 0
    ) {
        self.name = name
        self.action = action
        self.environment = environment
        self.secrets = secrets
        self.directory = directory
        self.timeout = timeout
        self.idleTimeout = idleTimeout
        self.continueOnFailure = continueOnFailure
        self.always = always
        self.warningsOnly = warningsOnly
        self.retries = retries
    }
}
