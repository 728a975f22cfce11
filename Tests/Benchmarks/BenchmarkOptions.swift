/// What the command line asks for.
struct BenchmarkOptions: Sendable {
    var binaries = ".build/release"
    var isQuick = false
    var backends: [Backend] = [.sqlite]
    var benchmarks = Benchmark.allCases

    static let usage = """
        usage: doorbell-bench [--binaries DIR] [--quick] [--postgres] [--only NAME[,NAME…]]
          --quick     short forms, for a look
          --postgres  on a private PostgreSQL too
          --only      of: \(Benchmark.allCases.map(\.rawValue).joined(separator: ", "))
        """

    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--quick": isQuick = true
            case "--postgres": backends = [.sqlite, .postgres]
            case "--binaries":
                guard let directory = rest.popFirst() else { return nil }
                binaries = directory
            case "--only":
                guard let names = rest.popFirst() else { return nil }
                let chosen = names.split(separator: ",").map { Benchmark(rawValue: String($0)) }
                guard !chosen.isEmpty, !chosen.contains(nil) else { return nil }
                benchmarks = chosen.compactMap { $0 }
            default: return nil
            }
        }
    }
}
