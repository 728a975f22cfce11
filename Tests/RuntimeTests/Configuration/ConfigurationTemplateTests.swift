import Domain
import Foundation
import TestSupport
import Testing

@testable import Runtime

@Suite struct ConfigurationTemplateTests {
    struct Project: Sendable, CustomTestStringConvertible {
        var files: [String: String]
        var commands: [String]
        var testDescription: String { files.keys.sorted().joined(separator: ", ") }
    }

    @Test(
        "What is written for a repository loads without a problem, and tests it as its files say",
        arguments: [
            Project(files: ["Package.swift": ""], commands: ["swift test"]),
            Project(files: ["Makefile": "all:\n\ttrue\ntest: all\n\ttrue\n", "Package.swift": ""], commands: ["make test"]),
            Project(files: ["Makefile": ".PHONY: test\ntest := 1\nlatest:\n\ttrue\n"], commands: ["git log -1 --stat"]),
            Project(files: ["package.json": "{}"], commands: ["npm install", "npm test"]),
            Project(files: ["package.json": "{}", "package-lock.json": "{}"], commands: ["npm ci", "npm test"]),
            Project(files: ["Cargo.toml": ""], commands: ["cargo test"]),
            Project(files: ["go.mod": ""], commands: ["go test ./..."]),
            Project(files: ["pyproject.toml": ""], commands: ["python3 -m pytest"]),
            Project(files: ["pyproject.toml": "", "tox.ini": ""], commands: ["tox"]),
            Project(files: ["composer.json": "{}"], commands: ["composer install --no-interaction", "vendor/bin/phpunit"]),
            Project(files: ["pom.xml": "", "mvnw": ""], commands: ["./mvnw --batch-mode verify"]),
            Project(files: ["build.gradle.kts": ""], commands: ["gradle test"]),
            Project(files: [:], commands: ["git log -1 --stat"]),
        ])
    func loads(project: Project) throws {
        let directory = TemporaryDirectory()
        for (name, text) in project.files { try text.write(toFile: directory.file(name), atomically: false, encoding: .utf8) }
        let text = ConfigurationTemplate.make(forRepositoryAt: directory.path)
        let configuration = try ConfigurationSamples.load(text, file: directory.file("doorbell.yaml")).configuration
        #expect(configuration.project == (directory.path as NSString).lastPathComponent)
        #expect(configuration.sources.map(\.git) == [directory.path])
        #expect(configuration.builders[0].steps.map(\.action) == [.checkout(.init())] + project.commands.map { .run(.shell($0)) })
        #expect(configuration.schedulers[0].builders == ["test"])
    }

    @Test("The branch is the one that a clone would get, else the one that is checked out")
    func branch() throws {
        let directory = TemporaryDirectory()
        func git(_ arguments: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["git", "-C", directory.path, "-c", "user.name=a", "-c", "user.email=a@example.com"] + arguments
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
        }
        func branches() throws -> [Glob] {
            try ConfigurationSamples.load(ConfigurationTemplate.make(forRepositoryAt: directory.path)).configuration.sources[0].branches
        }
        #expect(try branches() == [Glob("main")])
        try git("init", "--quiet", "--initial-branch=trunk")
        #expect(try branches() == [Glob("trunk")])
        try git("commit", "--quiet", "--allow-empty", "--message=x")
        try git("switch", "--quiet", "--create", "feature/\"x\"")
        #expect(try branches() == [Glob("feature/\"x\"")])
        try git("update-ref", "refs/remotes/origin/trunk", "HEAD")
        try git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
        #expect(try branches() == [Glob("trunk")])
    }

    @Test(
        "Whatever a directory is called, the text is well-formed", arguments: ["true", "5", "a: b", "- x", "\"", "\\", "#", "é", "..", "x\ny", "on"])
    func strangeNames(name: String) throws {
        let text = ConfigurationTemplate.make(project: name, branch: "main", kind: .unknown)
        let project = try ConfigurationSamples.load(text).configuration.project
        #expect(project == (NameRule.allows(name) ? name : "project"))
    }

    @Test("Without a configuration, three lines say what to do")
    func explanation() {
        #expect(ConfigurationTemplate.explanation.split(separator: "\n").count == 3)
    }
}
