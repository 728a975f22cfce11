import ArgumentParser
import Foundation

/// Measures Doorbell beside the floors of the machine it runs on.
@main
struct Bench: AsyncParsableCommand {
    private static let all: [any Benchmark.Type] = [
        LatencyBenchmark.self, ThroughputBenchmark.self, ChangesBenchmark.self, ClaimBenchmark.self, LogBenchmark.self, IdleBenchmark.self,
        RelayBenchmark.self, ClassifyBenchmark.self,
    ]

    static let configuration = CommandConfiguration(
        commandName: "doorbell-bench", abstract: "Measures Doorbell beside the floors of the machine it runs on.",
        discussion: "Benchmarks: \(all.map { $0.name }.joined(separator: ", ")).")

    @Option(help: ArgumentHelp("The benchmarks to run, separated by commas; all when absent.", valueName: "names")) var only: String?
    @Flag(help: "Measure on a private PostgreSQL and RabbitMQ too.") var postgres = false
    @Option(help: "Directory of the programs that are measured.") var binaries = ".build/release"
    @Flag(help: "A short form of everything.") var quick = false
    @Option(help: "Seconds that the idle benchmark takes; 60, or 10 with --quick.") var idle: Int?
    @Option(help: "Seconds to wait for a quiet machine before each benchmark; 0 does not wait.") var patience = 60
    @Flag(help: "Print JSON at the end instead of tables.") var json = false

    private var names: [String] { only.map { $0.split(separator: ",").map(String.init) } ?? Self.all.map { $0.name } }

    func validate() throws {
        if let unknown = names.first(where: { name in !Self.all.contains { $0.name == name } }) {
            throw ValidationError("there is no benchmark \"\(unknown)\"; there are \(Self.all.map { $0.name }.joined(separator: ", "))")
        }
        guard (1...3600).contains(idle ?? 60) else { throw ValidationError("--idle is \(idle ?? 0), expected 1 to 3600") }
        guard (0...3600).contains(patience) else { throw ValidationError("--patience is \(patience), expected 0 to 3600") }
        let program = binaries + "/doorbell"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw ValidationError("\(program) is not there; build it with \"make build\", or name another directory with --binaries")
        }
    }

    func run() async throws {
        setenv("DOORBELL_BINARIES", URL(fileURLWithPath: binaries).path, 1)
        signal(SIGPIPE, SIG_IGN)
        var sections: [Report.Section] = []
        var failures = 0
        let (floors, section) = try await measured(Floors.title) {
            let floors = try await Floors.measure(quick: quick)
            return (floors, floors.figures)
        }
        show(section)
        sections.append(section)
        for backend in postgres ? [Backend.sqlite, .postgres] : [.sqlite] {
            let environment = try await backend.start()
            var shared: SharedFloors?
            if backend == .postgres {
                let (found, section) = try await measured(SharedFloors.title) {
                    let found = try await backend.floors(quick: quick)
                    return (found, found?.figures ?? [])
                }
                shared = found
                show(section)
                sections.append(section)
            }
            let context = BenchmarkContext(
                quick: quick, idleSeconds: idle ?? (quick ? 10 : 60), floors: floors, shared: shared, backend: backend, environment: environment)
            for benchmark in Self.all where names.contains(benchmark.name) {
                let title = "\(backend.name): \(benchmark.title)"
                do {
                    let (_, section) = try await measured(title) { ((), try await benchmark.init().run(context)) }
                    guard !section.figures.isEmpty else { continue }
                    show(section)
                    sections.append(section)
                } catch {
                    // The others still count.
                    failures += 1
                    FileHandle.standardError.write(Data("\(title) failed: \(error)\n".utf8))
                }
            }
        }
        if json { print(try Report.json(sections)) }
        if failures > 0 { throw ExitCode.failure }
    }

    private func measured<Value>(
        _ title: String, _ body: () async throws -> (Value, [Figure])
    ) async throws -> (Value, Report.Section) {
        var notes: [String] = []
        if patience > 0 {
            let found = try await QuietMachine(patience: .seconds(patience)).wait()
            if !found.quiet {
                notes.append(String(format: "the machine was not quiet within %d s: others took %.0f %%", patience, 100 * found.others))
            }
        }
        let start = try ProcessorTime.now()
        let (value, figures) = try await body()
        let others = try ProcessorTime.now().shares(since: start).others
        return (value, Report.Section(title: title, figures: figures, takenByOthers: others, notes: notes))
    }

    private func show(_ section: Report.Section) {
        guard !json else { return }
        print(Report.text(section))
        fflush(nil)
    }
}
