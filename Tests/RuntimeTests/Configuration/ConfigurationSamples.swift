import Foundation

@testable import Runtime

/// Configurations for the tests: small texts, the examples, and what the documents show.
enum ConfigurationSamples {
    /// A configuration that is right, in front of which or into which a test puts what it is about.
    static let builders = """
        builders:
          - name: test
            steps:
              - run: make
        """

    static let top: String = {
        var path = #filePath
        for _ in 0..<4 { path = (path as NSString).deletingLastPathComponent }
        return path
    }()

    static func load(_ text: String, file: String = "/etc/doorbell/doorbell.yaml") throws(ConfigurationProblems) -> LoadedConfiguration {
        try ConfigurationLoader.load(text: text.utf8, file: file)
    }

    /// The problems of a text, a line each, without the file's name.
    static func problems(_ text: String) -> [String] {
        do {
            _ = try load(text, file: "f")
            return []
        } catch {
            return error.problems.map { String($0.description.dropFirst(2)) }
        }
    }

    static func examples() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: top + "/examples").sorted().map { "\(top)/examples/\($0)/doorbell.yaml" }
            .filter { FileManager.default.fileExists(atPath: $0) }
    }

    /// The YAML blocks of the README and of every document, each with its place.
    static func documented() throws -> [(place: String, text: String)] {
        let documents = try FileManager.default.contentsOfDirectory(atPath: top + "/docs").filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }
        var blocks: [(String, String)] = []
        for name in documents.sorted() + ["README.md"] {
            guard let content = FileManager.default.contents(atPath: "\(top)/\(name)") else { continue }
            var block: [Substring]?
            for (number, line) in String(decoding: content, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if line == "```yaml" {
                    block = []
                } else if line == "```", let lines = block {
                    blocks.append(("\(name):\(number - lines.count + 1)", lines.joined(separator: "\n") + "\n"))
                    block = nil
                } else {
                    block?.append(line)
                }
            }
        }
        return blocks
    }

    /// A document may show a part: what every configuration needs is put around it.
    static func completed(_ text: String) -> String {
        let lines = text.split(separator: "\n")
        func has(_ key: String) -> Bool { lines.contains { $0.hasPrefix(key + ":") } }
        return (has("project") ? "" : "project: demo\n") + text + (has("builders") ? "" : builders + "\n")
    }
}
