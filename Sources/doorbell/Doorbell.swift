import ArgumentParser
import Runtime
import Wire

/// The program for operators and people: one subcommand a service or a question.
@main
struct Doorbell: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doorbell",
        abstract: "Coordinates continuous builds: changes in, decisions, builds on workers, results out.",
        discussion: """
            Start with `doorbell init` in a git repository, then `doorbell up`. Every command for people talks to a running Doorbell \
            (--url, or DOORBELL_URL; http://127.0.0.1:8010 by default) and has --json for programs.
            """,
        version: ProductVersion.current,
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(
                name: "Run it", subcommands: [UpCommand.self, InitCommand.self, ConfigCommand.self, PlanCommand.self, MigrateCommand.self]),
            CommandGroup(
                name: "Run one service of many",
                subcommands: [IntakeCommand.self, SchedulerCommand.self, DispatcherCommand.self, RelayCommand.self, WebCommand.self]),
            CommandGroup(name: "Say who may do what", subcommands: [TokenCommand.self, AuditCommand.self]),
            CommandGroup(
                name: "Give it work", subcommands: [ChangeCommand.self, ForceCommand.self, TryCommand.self, CancelCommand.self, RebuildCommand.self]),
            CommandGroup(
                name: "Look at it",
                subcommands: [
                    BuildsCommand.self, BuildCommand.self, LogCommand.self, RequestsCommand.self, BuildersCommand.self, WorkersCommand.self,
                    SourcesCommand.self, WhyCommand.self, EventsCommand.self, ConsumersCommand.self, SubscribersCommand.self, DeliveriesCommand.self,
                    DoctorCommand.self,
                ]),
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            StandardError.write("doorbell: \(failure.message)\n")
            exit(withError: ExitCode(failure.status.rawValue))
        } catch {
            exit(withError: error)
        }
    }
}
