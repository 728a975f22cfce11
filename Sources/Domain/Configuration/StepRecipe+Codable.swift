// How recipes look in JSON, for workers in any language: {"name", "run": "text" | ["program", "argument"], …} or {"name", "checkout": {…}, …},
// or {"name", "trigger": {…}, …}.

extension StepRecipe: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, run, checkout, trigger, environment, secrets, directory, always, retries
        case timeout = "timeout_ms"
        case idleTimeout = "idle_timeout_ms"
        case continueOnFailure = "continue_on_failure"
        case warningsOnly = "warnings_only"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let action: Action
        if let checkout = try container.decodeIfPresent(Checkout.self, forKey: .checkout) {
            action = .checkout(checkout)
        } else if let trigger = try container.decodeIfPresent(Trigger.self, forKey: .trigger) {
            action = .trigger(trigger)
        } else {
            action = .run(try container.decode(Command.self, forKey: .run))
        }
        self.init(
            name: try container.decode(String.self, forKey: .name),
            action: action,
            environment: try container.decodeIfPresent([String: String].self, forKey: .environment) ?? [:],
            secrets: try container.decodeIfPresent([String: SecretUse].self, forKey: .secrets) ?? [:],
            directory: try container.decodeIfPresent(String.self, forKey: .directory) ?? "",
            timeout: try container.decodeMillisecondsIfPresent(forKey: .timeout),
            idleTimeout: try container.decodeMillisecondsIfPresent(forKey: .idleTimeout),
            continueOnFailure: try container.decodeIfPresent(Bool.self, forKey: .continueOnFailure) ?? false,
            always: try container.decodeIfPresent(Bool.self, forKey: .always) ?? false,
            warningsOnly: try container.decodeIfPresent(Bool.self, forKey: .warningsOnly) ?? false,
            retries: try container.decodeIfPresent(Int.self, forKey: .retries) ?? 0)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        switch action {
        case .checkout(let checkout): try container.encode(checkout, forKey: .checkout)
        case .run(let command): try container.encode(command, forKey: .run)
        case .trigger(let trigger): try container.encode(trigger, forKey: .trigger)
        }
        if !environment.isEmpty { try container.encode(environment, forKey: .environment) }
        if !secrets.isEmpty { try container.encode(secrets, forKey: .secrets) }
        if !directory.isEmpty { try container.encode(directory, forKey: .directory) }
        try container.encodeMillisecondsIfPresent(timeout, forKey: .timeout)
        try container.encodeMillisecondsIfPresent(idleTimeout, forKey: .idleTimeout)
        if continueOnFailure { try container.encode(true, forKey: .continueOnFailure) }
        if always { try container.encode(true, forKey: .always) }
        if warningsOnly { try container.encode(true, forKey: .warningsOnly) }
        if retries > 0 { try container.encode(retries, forKey: .retries) }
    }
}

extension StepRecipe.Command: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .shell(text)
        } else {
            self = .arguments(try container.decode([String].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .shell(let text): try container.encode(text)
        case .arguments(let words): try container.encode(words)
        }
    }
}

extension CredentialReference: Codable {
    private enum CodingKeys: String, CodingKey {
        case file, environment
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let path = try container.decodeIfPresent(String.self, forKey: .file) {
            self = .file(path)
        } else {
            self = .environment(try container.decode(String.self, forKey: .environment))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .file(let path): try container.encode(path, forKey: .file)
        case .environment(let name): try container.encode(name, forKey: .environment)
        }
    }
}

extension KeyedDecodingContainer {
    /// A duration that is written as whole milliseconds.
    func decodeMillisecondsIfPresent(forKey key: Key) throws -> Duration? {
        try decodeIfPresent(Int64.self, forKey: key).map { .milliseconds($0) }
    }
}

extension KeyedEncodingContainer {
    mutating func encodeMillisecondsIfPresent(_ duration: Duration?, forKey key: Key) throws {
        guard let duration else { return }
        try encode(duration.microseconds / 1000, forKey: key)
    }
}
