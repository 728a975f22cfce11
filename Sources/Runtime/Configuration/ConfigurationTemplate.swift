import Domain
import Foundation

/// What `doorbell init` writes: a commented configuration that works for the repository it was made for.
public enum ConfigurationTemplate {
    /// Said by `doorbell up` where there is no configuration.
    public static let explanation = """
        There is no doorbell.yaml here: it says which repository to watch, and which commands to run when something is pushed.
        "doorbell init" writes one for the git repository in this directory; edit its steps if they are not what you want.
        Then "doorbell up" watches, builds and shows the results; "doorbell config check" explains what a configuration lacks.

        """

    /// The text for the repository at a path; anything that cannot be found out is guessed.
    public static func make(forRepositoryAt path: String) -> String {
        let absolute = GitLocation.absolute(path, from: FileManager.default.currentDirectoryPath)
        return make(
            project: (absolute as NSString).lastPathComponent, branch: defaultBranch(of: absolute), kind: ProjectKind.detected(at: absolute))
    }

    static func make(project: String, branch: String, kind: ProjectKind) -> String {
        let project = quoted(NameRule.allows(project) ? project : "project")
        let branch = quoted(branch)
        let steps = kind.commands.map { "      - run: \(quoted($0))" }.joined(separator: "\n")
        let reason =
            kind.evidence.isEmpty
            ? "      # Put the commands that test your project here; this one only shows the last commit." : "      # Because of \(kind.evidence)."
        return """
            # What Doorbell watches and builds. "doorbell config check" tells whether it is right; docs/configuration.md explains every key.
            project: \(project)

            # Where changes come from: a git repository, asked every so often for what is new. A path is seen from this file's directory.
            sources:
              - name: repo
                git: .
                branches: [\(branch)]
                every: 10s

            # Which changes start which builders. "quiet" waits until nothing was pushed for that long, and builds all of it once.
            schedulers:
              - name: commits
                kind: branch
                branches: [\(branch)]
                quiet: 2s
                builders: [test]

            # What is run: each step in turn, until one fails. Properties such as ${branch} and ${revision} can be used in the texts.
            builders:
              - name: test
                steps:
                  - checkout: {}
            \(reason)
            \(steps)
            """ + "\n"
    }

    /// The branch that a clone of the repository would get, else the one that is checked out, else `main`.
    private static func defaultBranch(of path: String) -> String {
        if let remote = git(["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"], at: path), remote.hasPrefix("origin/"),
            git(["rev-parse", "--verify", "--quiet", "refs/heads/\(remote.dropFirst(7))"], at: path) != nil
        {
            return String(remote.dropFirst(7))
        }
        return git(["symbolic-ref", "--quiet", "--short", "HEAD"], at: path) ?? "main"
    }

    /// The first line that git prints; nil when it fails or is not there.
    private static func git(_ arguments: [String], at path: String) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", path] + arguments
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
    }

    /// A YAML scalar that stays the text it is: plain where that is safe, else in double quotes.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            text.unicodeScalars.first.map { ("a"..."z").contains($0) || ("A"..."Z").contains($0) } ?? false
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", "/", " ": true
                default: false
                }
            } && text.last != " "
        if isPlain, !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased()) { return text }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 32 || scalar.value == 127: "\\x" + String(scalar.value + 256, radix: 16).dropFirst()
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
