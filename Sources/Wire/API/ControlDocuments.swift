import Domain

/// The body of `POST /builders/{name}/force`. Without repository and branch it builds those of the newest change.
public struct ForceBody: Sendable, Codable {
    public var repository: String?
    public var branch: String?
    public var revision: String?
    public var reason: String?
    public var priority: Int?
    public var properties: [String: JSONValue]?
    /// What is built of the codebases of the builder, by their names.
    public var codebases: [String: Codebase]?

    /// The tip of the codebase's own branch as far as nothing else is said.
    public struct Codebase: Sendable, Codable {
        public var branch: String?
        public var revision: String?

        public static let fieldNames: Set<String> = ["branch", "revision"]

        public init(branch: String? = nil, revision: String? = nil) {
            self.branch = branch
            self.revision = revision
        }

        /// What is not known is refused here, too: the rules for strict documents look at the top only.
        public init(from decoder: any Decoder) throws {
            let fields = try decoder.singleValueContainer().decode([String: String?].self)
            guard Set(fields.keys).isSubset(of: Self.fieldNames) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "expected \"branch\" and \"revision\" only"))
            }
            self.init(branch: fields["branch"] ?? nil, revision: fields["revision"] ?? nil)
        }
    }

    public static let fieldNames: Set<String> = ["repository", "branch", "revision", "reason", "priority", "properties", "codebases"]
}

/// The body of cancels and rebuilds.
public struct ReasonBody: Sendable, Codable {
    public var reason: String?

    public static let fieldNames: Set<String> = ["reason"]
}

public struct PriorityBody: Sendable, Codable {
    public var priority: Int

    public static let fieldNames: Set<String> = ["priority"]
}

/// The body of controls that need nothing said.
public struct EmptyBody: Sendable, Codable {
    public static let fieldNames: Set<String> = []
}

/// What a force or a rebuild made.
public struct ForceAnswer: Sendable, Encodable {
    public var buildset: BuildsetID
    public var request: RequestID
    public var chain: ChainID

    public init(buildset: BuildsetID, request: RequestID, chain: ChainID) {
        self.buildset = buildset
        self.request = request
        self.chain = chain
    }
}

/// Where the request stands after a cancel: `finished`, or `claimed` while the worker of `build` is being told.
public struct CancelAnswer: Sendable, Encodable {
    public var phase: RequestPhase
    public var build: BuildID?

    public init(phase: RequestPhase, build: BuildID?) {
        self.phase = phase
        self.build = build
    }
}

/// The body of `POST /config`: the files of a configuration as texts.
public struct ConfigurationBody: Sendable, Codable {
    public struct File: Sendable, Codable {
        /// The absolute path that the text was read from: relative repositories are meant from its directory.
        public var name: String
        public var text: String

        public init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    public var files: [File]
    /// The revision that is in force, as far as the caller knows; with another, nothing is applied.
    public var expect: ConfigurationID?
    /// Who has it applied, as they say it.
    public var by: String?

    public init(files: [File], expect: ConfigurationID? = nil, by: String? = nil) {
        self.files = files
        self.expect = expect
        self.by = by
    }

    public static let fieldNames: Set<String> = ["files", "expect", "by"]
}

public struct ReloadAnswer: Sendable, Encodable {
    public var changed: Bool
    public var id: ConfigurationID?

    public init(changed: Bool, id: ConfigurationID?) {
        self.changed = changed
        self.id = id
    }
}

/// What `doorbell doctor` prints.
public struct DoctorDocument: Sendable, Encodable {
    public struct Check: Hashable, Sendable, Encodable {
        public enum State: String, Hashable, Sendable, Encodable, CaseIterable {
            case ok, warn, fail
        }
        public var name: String
        public var state: State
        public var text: String
        /// What to do about it.
        public var remedy: String?

        public init(_ name: String, _ state: State, _ text: String, remedy: String? = nil) {
            self.name = name
            self.state = state
            self.text = text
            self.remedy = remedy
        }
    }

    public var checks: [Check]

    public init(checks: [Check]) {
        self.checks = checks
    }
}
