import Foundation
import ProcessSupport
import TestSupport
import Testing

/// Every `sh` block of the documents is run, as it stands there, beside a running Doorbell.
@Suite struct DocumentTests {
    static let top: String = {
        var path = #filePath
        for _ in 0..<3 { path = (path as NSString).deletingLastPathComponent }
        return path
    }()

    static let documents: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: top + "/docs")) ?? []
        return ["README.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    }()

    /// The lines of each block that is fenced as `language`.
    private func blocks(_ document: String, _ language: String = "sh") throws -> [[String]] {
        var blocks: [[String]] = []
        var block: [String]?
        for line in try String(contentsOfFile: "\(Self.top)/\(document)", encoding: .utf8).components(separatedBy: "\n") {
            if line == "```\(language)" {
                block = []
            } else if line.hasPrefix("```"), let ended = block {
                blocks.append(ended)
                block = nil
            } else {
                block?.append(line)
            }
        }
        return blocks
    }

    @Test("The commands of a document work as they are written", arguments: documents)
    func commandsWork(document: String) async throws {
        let blocks = try blocks(document)
        guard !blocks.isEmpty else { return }
        let directory = TemporaryDirectory()
        let repository = try GitRepository(at: directory.file("repo"))
        try repository.commit(["Makefile": "test:\n\techo tested\n", "README": "hello\n"], message: "Begin")
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(repository.path)", branches: ["*"], every: 1s}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"], builders: [test]}
                webhooks:
                  - {name: dashboard, url: "https://hooks.example.org/doorbell", secret: {env: NOBODY_HAS_THIS}}
                builders:
                  - name: test
                    try: true
                    steps:
                      - checkout: {}
                      - {name: unit, run: "make test"}
                  - name: elsewhere
                    labels: {language: python}
                    steps:
                      - {name: hello, run: "echo hello from another worker"}
                """)
        // Commands name the examples as from this project's directory.
        try FileManager.default.createSymbolicLink(atPath: "\(repository.path)/examples", withDestinationPath: "\(Self.top)/examples")
        try "examples\n".write(toFile: "\(repository.path)/.git/info/exclude", atomically: true, encoding: .utf8)
        // Who reads on after the README has a configuration.
        if document != "README.md" {
            let made = try RunningProcess(Binaries.doorbell, ["init"], in: repository.path, logs: directory.path, name: "init")
            #expect(await made.status() == 0)
        }
        let up = try await deployment.start()
        _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=finished").isEmpty ? nil : true }
        for (index, block) in blocks.enumerated() {
            // Building Doorbell itself is what runs this test; the targets are checked to exist.
            let makes = block.filter { $0.hasPrefix("make ") }
            for line in makes { try checkTarget(line, document) }
            let script = block.filter { !$0.hasPrefix("make ") }.map(Self.inBackground).joined(separator: "\n")
            guard !script.allSatisfy(\.isWhitespace) else { continue }
            let process = try RunningProcess(
                "/bin/sh", ["-e", "-c", script + "\nfor pid in $BACKGROUND; do kill $pid; wait $pid || true; done"], in: repository.path,
                environment: [
                    "PATH": (Binaries.doorbell as NSString).deletingLastPathComponent + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? ""),
                    "DOORBELL_URL": deployment.url, "DOORBELL_LISTEN": "127.0.0.1:0", "BACKGROUND": "",
                ], logs: directory.path, name: "block-\(index)")
            let status = await process.status()
            #expect(status == 0, "\(document), block \(index + 1):\n\(script)\n\(process.output)\(process.errorOutput)")
        }
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    /// What runs until it is stopped is started beside the block.
    private static func inBackground(_ line: String) -> String {
        let runsOn = line.hasPrefix("doorbell-worker --url") || (line.hasPrefix("doorbell up") && !line.contains("--once"))
        return runsOn ? "\(line) & BACKGROUND=\"$BACKGROUND $!\"" : line
    }

    private func checkTarget(_ line: String, _ document: String) throws {
        let makefile = try String(contentsOfFile: Self.top + "/Makefile", encoding: .utf8)
        for word in line.split(separator: " ").dropFirst() where !word.contains("=") && !word.hasPrefix("#") {
            #expect(makefile.contains("\n\(word): "), "\(document) names make \(word)")
        }
    }
}
