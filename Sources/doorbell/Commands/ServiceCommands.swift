import ArgumentParser
import Runtime

/// What the commands of the single services have in common.
struct ServiceOptions: ParsableArguments {
    @Option(help: "Directory for what this service keeps on this machine (DOORBELL_DATA_DIR; .doorbell).") var dataDir: String?
    @Option(help: "HOST:PORT to listen on (DOORBELL_LISTEN; 127.0.0.1 and a port of the service's own).") var listen: String?

    func run(_ role: Role) async throws {
        let settings = try Failures.settings(dataDirectory: dataDir, listen: listen, defaultPort: role.defaultPort)
        try await Failures.translating { try await ServiceApplication(role: role, settings: settings).run() }
    }

    static let discussion = """
        Needs DOORBELL_DATABASE_URL=postgres://…; DOORBELL_AMQP_URL names the broker. Any number may run. The first TERM drains, a second one \
        stops at once. Serves /livez, /readyz and /metrics. `doorbell help config` lists the environment variables.
        """
}

/// `doorbell intake`: takes changes in.
struct IntakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intake", abstract: "Run the change intake alone: changes over HTTP, and the polled sources.",
        discussion: ServiceOptions.discussion)
    @OptionGroup var options: ServiceOptions

    func run() async throws { try await options.run(.intake) }
}

/// `doorbell scheduler`: decides what changes lead to.
struct SchedulerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scheduler", abstract: "Run the scheduling service alone: decides what changes lead to.", discussion: ServiceOptions.discussion)
    @OptionGroup var options: ServiceOptions

    func run() async throws { try await options.run(.scheduler) }
}

/// `doorbell dispatcher`: gives builds to workers.
struct DispatcherCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispatcher", abstract: "Run a dispatcher alone: the server of the workers.", discussion: ServiceOptions.discussion)
    @OptionGroup var options: ServiceOptions

    func run() async throws { try await options.run(.dispatcher) }
}

/// `doorbell relay`: publishes what happened.
struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Run a relay alone: publishes the events to the broker.", discussion: ServiceOptions.discussion)
    @OptionGroup var options: ServiceOptions

    func run() async throws { try await options.run(.relay) }
}

/// `doorbell web`: the API and the pages.
struct WebCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "web", abstract: "Run the API and the web pages alone.", discussion: ServiceOptions.discussion)
    @OptionGroup var options: ServiceOptions

    func run() async throws { try await options.run(.web) }
}
