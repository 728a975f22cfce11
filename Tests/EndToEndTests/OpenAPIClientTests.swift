import Foundation
import ProcessSupport
import TestSupport
import Testing

/// The OpenAPI document as programs of others read it.
@Suite(.timeLimit(.minutes(10))) struct OpenAPIClientTests {
    private static let folder = (#filePath as NSString).deletingLastPathComponent
    private static let tools = (folder as NSString).appendingPathComponent("../../.build/tools/bin")

    private func run(
        _ program: String, _ arguments: [String], in directory: TemporaryDirectory, within bound: Duration
    ) async throws -> (status: Int32?, output: String) {
        let process = try RunningProcess(
            program, arguments, in: directory.path,
            // The generator shows its warnings only where it finds the formatter that it was installed with.
            environment: ["PATH": Self.tools + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? ""), "NO_COLOR": "1", "COLUMNS": "200"],
            logs: directory.path, name: (program as NSString).lastPathComponent)
        let status = await process.status(within: bound)
        return (status, process.output + process.errorOutput)
    }

    private func with(_ test: (Deployment, (path: String, revision: String), TemporaryDirectory) async throws -> Void) async throws {
        let directory = TemporaryDirectory()
        let repository = try GitRepository(at: directory.file("repo"))
        let revision = try repository.commit(["Makefile": "test:\n\techo tested\n"], message: "Begin")
        let deployment = try Deployment(directory: directory.file("run"))
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(repository.path)", branches: ["*"], every: 60s}
                  - {name: forge, hook: gitea, unsigned: true}
                schedulers:
                  - {name: commits, kind: branch, branches: ["main"], builders: [test]}
                builders:
                  - name: test
                    try: true
                    steps:
                      - checkout: {}
                      - {name: unit, run: "make test"}
                  - name: elsewhere
                    labels: {language: python}
                    steps:
                      - {name: hello, run: "echo hello"}
                """)
        let up = try await deployment.start()
        _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=finished").isEmpty ? nil : true }
        try await test(deployment, (repository.path, revision), directory)
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }

    @Test("A client generated from the document takes a change to the log of its build")
    func generatedClient() async throws {
        try await with { deployment, repository, directory in
            let generated = try await run(
                Self.tools + "/openapi-python-client",
                ["generate", "--url", deployment.url + "/schemas/openapi.json", "--output-path", directory.file("client"), "--fail-on-warning"],
                in: directory, within: .seconds(120))
            #expect(generated.status == 0, "\(generated.output)")
            let driven = try await run(
                Self.tools + "/python3",
                [Self.folder + "/api_client.py", directory.file("client"), deployment.url, repository.path, repository.revision], in: directory,
                within: .seconds(120))
            #expect(driven.status == 0 && driven.output.contains(": success"), "\(driven.output)")
        }
    }

    @Test("schemathesis finds nothing that the server does otherwise than the document says")
    func schemathesis() async throws {
        try await with { deployment, _, directory in
            // Always the same cases, so that who changes nothing finds nothing new; another number tries others.
            let seed = ProcessInfo.processInfo.environment["DOORBELL_SCHEMATHESIS_SEED"] ?? "1"
            let judged = try await run(
                Self.tools + "/schemathesis",
                [
                    "--config-file", Self.folder + "/schemathesis.toml", "run", deployment.url + "/schemas/openapi.json",
                    // The schemas of events are alike: those of builds stand for all.
                    "--exclude-path-regex", "/schemas/events/v1/(?!build)", "--phases", "coverage,fuzzing,stateful", "--max-examples", "10",
                    "--workers", "2", "--seed", seed, "--request-timeout", "30", "--no-color",
                ], in: directory, within: .seconds(480))
            #expect(judged.status == 0, "seed \(seed):\n\(judged.output.suffix(20_000))")
            let counts = try #require(judged.output.firstMatch(of: /([0-9]+) generated, ([0-9]+) passed/))
            #expect(counts.1 == counts.2 && Int(counts.1) ?? 0 > 1000, "\(counts.0)")
        }
    }
}
