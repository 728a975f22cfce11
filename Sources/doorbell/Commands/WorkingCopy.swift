import Foundation

/// What the working copy around a directory says of the commit that is checked out.
struct WorkingCopy {
    enum System { case git, mercurial }

    var system: System
    /// Where it came from; its own path where it came from nowhere.
    var repository: String?
    /// Nil where none is checked out.
    var branch: String?
    var revision: String?
    var author: String?
    var comments: String?
    /// What the commit changes; of a merge, as seen from its first parent.
    var files: [String]?

    /// The innermost one; nil where there is none.
    static func around(_ directory: String) -> WorkingCopy? {
        let git = Program(name: "git", arguments: ["-C", directory])
        let mercurial = Program(name: "hg", arguments: ["--cwd", directory], environment: ["HGPLAIN": "1"])
        switch (git.line("rev-parse", "--show-toplevel"), mercurial.line("root")) {
        case (let top?, let root?): return top.utf8.count >= root.utf8.count ? copy(git, top) : copy(mercurial: mercurial, root)
        case (let top?, nil): return copy(git, top)
        case (nil, let root?): return copy(mercurial: mercurial, root)
        case (nil, nil): return nil
        }
    }

    private static func copy(_ git: Program, _ top: String) -> WorkingCopy {
        WorkingCopy(
            system: .git, repository: git.line("remote", "get-url", "origin") ?? top, branch: git.line("symbolic-ref", "--quiet", "--short", "HEAD"),
            revision: git.line("rev-parse", "--verify", "--quiet", "HEAD"), author: git.line("log", "-1", "--format=%an <%ae>"),
            comments: git.line("log", "-1", "--format=%B"),
            files: git.names("show", "--format=", "--first-parent", "--diff-merges=first-parent", "--no-renames", "--name-only", "-z", "HEAD"))
    }

    private static func copy(mercurial: Program, _ root: String) -> WorkingCopy {
        func told(_ template: String) -> String? { mercurial.line("log", "--rev", ".", "--template", template) }
        let node = told("{node}")
        return WorkingCopy(
            system: .mercurial, repository: mercurial.line("paths", "default") ?? root, branch: mercurial.line("branch"),
            // An empty repository is at the commit before all.
            revision: node?.allSatisfy { $0 == "0" } ?? true ? nil : node, author: told("{author}"), comments: told("{desc}"),
            files: mercurial.names("log", "--rev", ".", "--template", "{files % '{file}\\0'}"))
    }

    /// A program that is asked.
    private struct Program {
        var name: String
        var arguments: [String]
        var environment: [String: String] = [:]

        /// What it prints, without space around it; nil where it fails or prints nothing.
        func line(_ arguments: String...) -> String? {
            guard let output = output(arguments) else { return nil }
            let text = String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            return text.isEmpty ? nil : text
        }

        /// Names, each with a NUL behind it.
        func names(_ arguments: String...) -> [String]? {
            output(arguments)?.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        }

        private func output(_ more: [String]) -> Data? {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [name] + arguments + more
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil, let data = try? output.fileHandleForReading.readToEnd() else { return nil }
            process.waitUntilExit()
            return process.terminationStatus == 0 ? data : nil
        }
    }
}
