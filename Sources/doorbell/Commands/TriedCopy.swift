import Foundation

/// A git working copy, and how it differs from a commit that others have.
struct TriedCopy {
    let directory: String

    /// The commit that the patch goes onto, in full.
    func base(_ given: String?) throws -> String {
        guard let top = text("rev-parse", "--show-toplevel"), !top.isEmpty else {
            throw CommandFailure(.usage, "the current directory is in no git working copy")
        }
        if let given {
            guard let commit = text("rev-parse", "--verify", "--quiet", "--end-of-options", given + "^{commit}") else {
                throw CommandFailure(.usage, "--base is \(Table.printable(given)), which is no commit here")
            }
            return commit
        }
        if let upstream = text("rev-parse", "--verify", "--quiet", "@{upstream}") ?? text("rev-parse", "--verify", "--quiet", "origin/HEAD") {
            if let common = text("merge-base", "HEAD", upstream) { return common }
        } else if text("remote") == nil, let head = text("rev-parse", "--verify", "--quiet", "HEAD^{commit}") {
            // Without remotes this is the repository itself.
            return head
        }
        throw CommandFailure(.usage, "this branch has no upstream that would tell what others have: name a commit with --base")
    }

    /// Everything that differs from the commit, whatever this user's git is set to show.
    func patch(since base: String, untracked: Bool) throws -> Data {
        let arguments = [
            "-c", "core.quotePath=true", "diff", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames",
            "--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=all", base, "--",
        ]
        guard untracked else { return try run(arguments) }
        // In an index of its own: that of the working copy is not touched.
        let index = FileManager.default.temporaryDirectory.appendingPathComponent("doorbell-try-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: index) }
        if let own = text("rev-parse", "--path-format=absolute", "--git-path", "index"), FileManager.default.fileExists(atPath: own) {
            try FileManager.default.copyItem(atPath: own, toPath: index)
        }
        _ = try run(["add", "--intent-to-add", "--", "."], index: index)
        return try run(arguments, index: index)
    }

    private func text(_ arguments: String...) -> String? {
        guard let data = try? run(arguments, quiet: true) else { return nil }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }

    private func run(_ arguments: [String], index: String? = nil, quiet: Bool = false) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let top = quiet ? directory : text("rev-parse", "--show-toplevel") ?? directory
        process.arguments = ["git", "-C", top] + arguments
        if let index {
            process.environment = ProcessInfo.processInfo.environment.merging(["GIT_INDEX_FILE": index]) { _, new in new }
        }
        let output = Pipe()
        process.standardOutput = output
        if quiet { process.standardError = FileHandle.nullDevice }
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CommandFailure(.data, "git \(arguments.first { !$0.hasPrefix("-") && !$0.contains("=") } ?? "") failed in \(top)")
        }
        return data
    }
}
