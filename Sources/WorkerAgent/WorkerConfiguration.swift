import Domain

/// What a worker is told at its start.
public struct WorkerConfiguration: Sendable {
    /// Dispatchers, such as `http://127.0.0.1:8010`; the next is used when one does not answer.
    public var urls: [String]
    public var name: String
    public var labels: Labels
    /// It builds also what anybody may have written.
    public var acceptsUntrusted: Bool
    /// How many builds it runs at a time.
    public var slots: Int
    /// Its mirrors, working directories and spooled output; no two workers share one.
    public var dataDirectory: String
    /// Shown when the session is opened, to dispatchers that ask for one.
    public var token: String?
    public var version: String
    /// How long running builds may go on after the worker was told to stop; then they are given back and run elsewhere.
    public var drainTimeout: Duration
    /// The worker's own environment: where steps get `PATH` and the like from, and checkouts their credentials.
    public var environment: [String: String]
    /// The most bytes of output that may wait on its disk; nil: as many as the disk has.
    public var spoolLimit: Int64?
    /// How long a step has between TERM and KILL.
    public var grace: Duration

    public init(
        urls: [String], name: String, labels: Labels = [:], acceptsUntrusted: Bool = false, slots: Int = 1, dataDirectory: String,
        token: String? = nil, version: String = "dev",
        drainTimeout: Duration = .zero, environment: [String: String], spoolLimit: Int64? = nil, grace: Duration = .seconds(5)
    ) {
        self.urls = urls
        self.name = name
        self.labels = labels
        self.acceptsUntrusted = acceptsUntrusted
        self.slots = slots
        self.dataDirectory = dataDirectory
        self.token = token
        self.version = version
        self.drainTimeout = drainTimeout
        self.environment = environment
        self.spoolLimit = spoolLimit
        self.grace = grace
    }

    /// What it says to dispatchers: its own labels, and what it can do.
    var offeredLabels: Labels {
        var abilities = [
            StepRecipe.Trigger.label: StepRecipe.Trigger.labelValue, SecretUse.label: SecretUse.labelValue, TryRule.label: TryRule.labelValue,
            Codebase.label: Codebase.labelValue,
        ]
        if acceptsUntrusted { abilities[UntrustedRule.label] = UntrustedRule.labelValue }
        return labels.merging(abilities) { own, _ in own }
    }

    /// The labels that every worker has unless it is told others.
    public static var defaultLabels: Labels {
        #if os(Linux)
            let system = "linux"
        #else
            let system = "macos"
        #endif
        #if arch(x86_64)
            return ["os": system, "arch": "x86_64"]
        #elseif arch(arm64)
            return ["os": system, "arch": "arm64"]
        #else
            return ["os": system]
        #endif
    }
}
