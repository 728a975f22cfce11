/// The configurations that the benchmarks run on.
enum BenchConfiguration {
    /// Each change becomes one build of one builder, at once.
    static func each(labels: [String: String], run: String, more: String = "") -> String {
        let labels = labels.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        return """
            project: bench
            sources: []
            schedulers:
              - {name: each, kind: branch, branches: ["main"], builders: [build]}
            builders:
              - name: build
                labels: {\(labels)}
                steps:
                  - name: print
                    run: |
                      \(run)
            \(more)
            """
    }
}
