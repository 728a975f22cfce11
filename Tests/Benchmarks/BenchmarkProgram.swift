import Foundation
import ProcessSupport
import TestSupport

/// `make bench`: figures of the programs as they are built, each as a ratio to a floor that was measured in the same run.
@main
struct BenchmarkProgram {
    static func main() async throws {
        guard let options = BenchmarkOptions(Array(CommandLine.arguments.dropFirst())) else {
            print(BenchmarkOptions.usage)
            exit(64)
        }
        setenv("DOORBELL_BINARIES", options.binaries, 1)
        var report = BenchmarkReport()
        let others = await QuietMachine.wait(atMost: options.isQuick ? .seconds(5) : .seconds(60))
        print("doorbell benchmark, \(ProcessInfo.processInfo.activeProcessorCount) cores, \(others)")
        let floors = try await Floors.measure()
        report.add(floors.figures)
        for backend in options.backends {
            try await run(on: backend, options, floors, &report)
        }
        print("\n" + report.text)
        let after = await QuietMachine.share(during: .seconds(1))
        print("at the end others took \(Int(after * 100)) % of the processors")
    }

    private static func run(
        on backend: Backend, _ options: BenchmarkOptions, _ floors: Floors, _ report: inout BenchmarkReport
    ) async throws {
        let environment = try await backend.start()
        for benchmark in options.benchmarks {
            print("\(backend.name): \(benchmark.rawValue) …")
            do {
                report.add(try await benchmark.run(backend: backend, environment: environment, options: options, floors: floors))
            } catch {
                // A benchmark that fails is a result too; the others still count.
                report.add([Figure("\(backend.name) \(benchmark.rawValue)", nil, "failed: \(error)")])
            }
        }
    }
}
