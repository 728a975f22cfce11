/// One thing that is measured. A benchmark starts what it needs in a directory of its own and ends it.
protocol Benchmark: Sendable {
    /// Names it on the command line.
    static var name: String { get }
    static var title: String { get }

    init()

    func run(_ context: BenchmarkContext) async throws -> [Figure]
}
