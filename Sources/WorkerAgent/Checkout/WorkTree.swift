import Domain
import Foundation

/// The files of one revision in a build's directory. Their objects stay in the mirror.
struct WorkTree: Sendable {
    let path: String
    let mirror: Mirror
    let git: GitCommands
    let disk: WorkThread

    func fill(with revision: String, _ recipe: StepRecipe.Checkout) async throws {
        do {
            try await attempt(revision, recipe)
        } catch GitFailure.command(let result, _) where result.interruption == nil {
            // What an earlier build left may be beyond repair; the mirror is not, so a new start is cheap.
            try git.say("starting again with an empty directory")
            let path = path
            try await disk.run {
                for name in try FileManager.default.contentsOfDirectory(atPath: path) {
                    try FileManager.default.removeItem(atPath: path + "/" + name)
                }
            }
            try await attempt(revision, recipe)
        }
    }

    /// Puts a patch onto what is checked out. It is in the index too, so that the next checkout takes all of it away again, whatever its mode.
    func apply(_ patch: String) async throws {
        try await run(["apply", "--index", "--whitespace=nowarn", "--", patch], doing: "apply the patch")
        try git.say("with the patch")
    }

    private func attempt(_ revision: String, _ recipe: StepRecipe.Checkout) async throws {
        try await prepare()
        try await run(["checkout", "--quiet", "--force", "--detach", revision], doing: "check out \(revision)")
        if recipe.mode == .clean { try await run(["clean", "--quiet", "-ffdx"], doing: "clean the directory") }
        if recipe.submodules { try await fillSubmodules(recipe) }
        try git.say("at \(revision)")
    }

    private func prepare() async throws {
        let (path, objects) = (path, mirror.path + "/objects")
        let isThere = try await disk.run {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for name in ["index", "HEAD", "config", "shallow", "packed-refs"] { unlink("\(path)/.git/\(name).lock") }
            var status = stat()
            if lstat(path + "/.git", &status) == 0, status.st_mode & S_IFMT != S_IFDIR { unlink(path + "/.git") }
            return FileManager.default.fileExists(atPath: path + "/.git/HEAD")
        }
        if !isThere { try await git.run(["init", "--quiet", "--", path], in: path, doing: "make a working directory") }
        try await disk.run {
            try Data((objects + "\n").utf8).write(to: URL(fileURLWithPath: path + "/.git/objects/info/alternates"))
        }
        // What relative addresses of submodules are relative to.
        try await run(["config", "remote.origin.url", mirror.address.text], doing: "note the repository's address")
    }

    private func fillSubmodules(_ recipe: StepRecipe.Checkout) async throws {
        try await run(["submodule", "--quiet", "sync", "--recursive"], doing: "read the submodules' addresses")
        try await run(["submodule", "update", "--init", "--recursive", "--force"], doing: "check out the submodules")
        guard recipe.mode == .clean else { return }
        try await run(["submodule", "--quiet", "foreach", "--recursive", "git clean --quiet -ffdx"], doing: "clean the submodules")
    }

    /// The repository is named: git must never find another one further up.
    private func run(_ arguments: [String], doing: String) async throws {
        try await git.run(["--git-dir=\(path)/.git", "--work-tree=\(path)"] + arguments, in: path, doing: doing)
    }
}
