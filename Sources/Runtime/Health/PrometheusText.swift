/// Metrics in the text format of Prometheus, version 0.0.4.
struct PrometheusText {
    enum Kind: String {
        case gauge, counter
    }

    struct Sample {
        var labels: [(name: String, value: String)]
        var value: String
    }

    private(set) var text = ""

    /// One metric without labels.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: some CustomStringConvertible) {
        add(name, kind, help, [Sample(labels: [], value: value.description)])
    }

    /// One metric with a sample for each value of a label.
    mutating func add<Element>(
        _ name: String, _ kind: Kind, _ help: String, by label: String, _ elements: [Element],
        _ sample: (Element) -> (String, any CustomStringConvertible)
    ) {
        add(
            name, kind, help,
            elements.map { element in
                let (value, number) = sample(element)
                return Sample(labels: [(label, value)], value: number.description)
            })
    }

    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        text += "# HELP doorbell_\(name) \(help)\n# TYPE doorbell_\(name) \(kind.rawValue)\n"
        for sample in samples {
            let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
            text += "doorbell_\(name)" + (labels.isEmpty ? "" : "{\(labels)}") + " \(sample.value)\n"
        }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
