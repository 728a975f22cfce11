import Domain
import Foundation
import ProcessSupport
import TestSupport
import Testing
import Wire

@testable import WorkerAgent

/// Checkouts with the real git and real repositories.
@Suite struct CheckoutTests {
    let temporary = TemporaryDirectory()

    private func repository(_ name: String = "origin") throws -> GitRepository { try GitRepository(at: temporary.file(name)) }

    private func checkout(_ recipe: StepRecipe.Checkout = .init(), change: (inout StepRecipe) -> Void = { _ in }) -> StepRecipe {
        var step = StepRecipe(name: "checkout", action: .checkout(recipe))
        change(&step)
        return step
    }

    @Test("The exact revision is checked out, not the tip, and the mirror is not fetched into for what it has")
    func exactRevision() async throws {
        let origin = try repository()
        let first = try origin.commit(["a.txt": "one"], message: "1")
        try origin.commit(["a.txt": "two"], message: "2")
        let harness = try StepHarness()
        let ran = try await harness.run(Sample.build(1, [checkout()], repository: origin.path, revision: first))
        #expect(ran.end?.outcome == .success, "\(ran.log("1-checkout"))")
        #expect(try String(contentsOfFile: harness.path("a.txt"), encoding: .utf8) == "one")
        #expect(ran.log("1-checkout").contains("fetching"))
        let again = try await harness.run(Sample.build(2, [checkout()], repository: origin.path, revision: first))
        #expect(again.log("1-checkout") == "at \(first)\n")
        let third = try origin.commit(["a.txt": "three"], message: "3")
        let newer = try await harness.run(Sample.build(3, [checkout()], repository: origin.path, revision: third))
        #expect(newer.end?.outcome == .success)
        #expect(try String(contentsOfFile: harness.path("a.txt"), encoding: .utf8) == "three")
    }

    @Test("Without a revision the tip of the branch is built, and later steps are told which that is")
    func tip() async throws {
        let origin = try repository()
        try origin.commit(["a": "1"], message: "1")
        try origin.git("checkout", "-q", "-b", "topic/x")
        let tip = try origin.commit(["a": "2"], message: "2")
        let harness = try StepHarness()
        let steps = [checkout(), Sample.step("show", "echo $DOORBELL_REVISION; git rev-parse HEAD")]
        let ran = try await harness.run(Sample.build(1, steps, repository: origin.path, branch: "topic/x"))
        #expect(ran.log("2-show") == "\(tip)\n\(tip)\n")
        // A branch that moved is noticed.
        let moved = try origin.commit(["a": "3"], message: "3")
        let again = try await harness.run(Sample.build(2, steps, repository: origin.path, branch: "topic/x"))
        #expect(again.log("2-show") == "\(moved)\n\(moved)\n")
        let head = try await harness.run(Sample.build(3, steps, repository: origin.path, branch: ""))
        #expect(head.log("2-show") == "\(moved)\n\(moved)\n")
    }

    @Test("Each codebase goes into its own directory, at its revision or its tip, and later steps are told all of them")
    func codebases() async throws {
        let (app, lib) = (try repository("app"), try repository("lib"))
        let first = try app.commit(["name": "app one"], message: "1")
        try app.commit(["name": "app two"], message: "2")
        try lib.commit(["name": "lib one"], message: "1")
        let tip = try lib.commit(["name": "lib two"], message: "2")
        let show =
            "cat src/app/name src/deps/lib/name; echo; echo $DOORBELL_REVISION $DOORBELL_REVISION_APP $DOORBELL_REVISION_LIB $DOORBELL_BRANCH_LIB"
        var build = Sample.build(1, [checkout(.init(directory: "src")), Sample.step("show", show)], repository: app.path, revision: first)
        build.stamp.codebase = "app"
        let other = SourceStamp(project: "demo", repository: lib.path, branch: "main", revision: nil, codebase: "lib")
        build.sources = [BuildSource(stamp: build.stamp, path: "app"), BuildSource(stamp: other, path: "deps/lib")]
        let harness = try StepHarness()
        let ran = try await harness.run(build)
        #expect(ran.log("2-show") == "app onelib two\n\(first) \(first) \(tip) main\n", "\(ran.log("1-checkout"))")
        // A path that leaves the build's directory is refused, whoever sent it.
        build.sources?[1].path = "../../x"
        #expect(try await harness.run(build).end?.cause == .invalidStep)
    }

    @Test("Clean removes what git does not track, incremental keeps it, and both undo changes")
    func modes() async throws {
        let origin = try repository()
        let revision = try origin.commit(["a.txt": "one", ".gitignore": "*.o"], message: "1")
        let harness = try StepHarness()
        let dirty = Sample.step("dirty", "echo x > made.o; echo y > new.txt; echo z > a.txt; mkdir -p d/e; echo > d/e/f")
        _ = try await harness.run(Sample.build(1, [checkout(), dirty], repository: origin.path, revision: revision))
        let kept = try await harness.run(
            Sample.build(2, [checkout(.init(mode: .incremental)), Sample.step("ls", "ls; cat a.txt")], repository: origin.path, revision: revision))
        #expect(kept.log("2-ls") == "a.txt\nd\nmade.o\nnew.txt\none")
        let clean = try await harness.run(
            Sample.build(3, [checkout(), Sample.step("ls", "ls; cat a.txt")], repository: origin.path, revision: revision))
        #expect(clean.log("2-ls") == "a.txt\none")
    }

    @Test("A force-pushed revision that no branch leads to is still found by its id")
    func forcePushed() async throws {
        let origin = try repository()
        try origin.commit(["a": "1"], message: "1")
        let gone = try origin.commit(["a": "2"], message: "2")
        try origin.git("reset", "-q", "--hard", "HEAD~1")
        try origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
        let ran = try await StepHarness().run(Sample.build(1, [checkout()], repository: origin.path, revision: gone))
        #expect(ran.end?.outcome == .success, "\(ran.log("1-checkout"))")
    }

    @Test("The head of a pull request that no branch leads to is found at the ref that the stamp names")
    func pullReference() async throws {
        let origin = try repository()
        try origin.commit(["a": "1"], message: "1")
        let head = try origin.commit(["a": "2"], message: "2")
        try origin.git("update-ref", "refs/pull/7/head", head)
        try origin.git("reset", "-q", "--hard", "HEAD~1")
        try origin.git("config", "uploadpack.allowAnySHA1InWant", "false")
        let ran = try await StepHarness().run(
            Sample.build(1, [checkout()], repository: origin.path, branch: "refs/pull/7/head", revision: head))
        #expect(ran.end?.outcome == .success, "\(ran.log("1-checkout"))")
    }

    @Test("The first twelve digits of a commit id will do, and later steps are told all of them; a branch of that name is not what is meant")
    func shortRevision() async throws {
        let origin = try repository()
        let wanted = try origin.commit(["a": "1"], message: "1")
        let tip = try origin.commit(["a": "2"], message: "2")
        let short = String(wanted.prefix(12))
        let harness = try StepHarness()
        let steps = [checkout(), Sample.step("show", "echo $DOORBELL_REVISION")]
        let ran = try await harness.run(Sample.build(1, steps, repository: origin.path, revision: short))
        #expect(ran.log("2-show") == "\(wanted)\n", "\(ran.log("1-checkout"))")
        try origin.git("branch", String(tip.prefix(12).reversed()))
        for (number, wrong) in [(2, String(tip.prefix(12).reversed())), (3, String(wanted.prefix(11)))] {
            let refused = try await harness.run(Sample.build(Int64(number), steps, repository: origin.path, revision: wrong))
            #expect(refused.end?.outcome == .failure && refused.end?.cause == .checkout, "\(wrong)")
        }
    }

    @Test("A revision that does not exist fails clearly")
    func missingRevision() async throws {
        let origin = try repository()
        try origin.commit(["a": "1"], message: "1")
        let missing = String(repeating: "0123456789", count: 4)
        let ran = try await StepHarness().run(Sample.build(1, [checkout()], repository: origin.path, revision: missing))
        #expect(ran.end?.outcome == .failure)
        #expect(ran.end?.cause == .checkout)
        #expect(ran.steps.first?.text == "the revision \(missing) does not exist in \(origin.path)")
    }

    @Test(
        "Hostile stamps fail as checkouts and run nothing",
        arguments: [
            ("--upload-pack=touch PWNED", "main", nil), ("ext::sh -c 'touch PWNED'", "main", nil), ("ORIGIN", "--upload-pack=touch PWNED", nil),
            ("ORIGIN", "main", "--upload-pack=touch PWNED"), ("ORIGIN", "main", "HEAD"), ("ORIGIN", "../../x", nil),
            ("ORIGIN", "main:refs/heads/x", nil),
            ("ORIGIN", "x\u{0}y", nil), ("/nowhere/at/all", "main", nil), ("", "main", nil), ("https://u:p@example.org/x", "main", nil),
        ] as [(String, String, String?)])
    func hostile(repository: String, branch: String, revision: String?) async throws {
        let origin = try self.repository()
        try origin.commit(["a": "1"], message: "1")
        let harness = try StepHarness()
        let proof = temporary.file("proof")
        func real(_ text: String) -> String { text.replacing("ORIGIN", with: origin.path).replacing("PWNED", with: proof) }
        let ran = try await harness.run(
            Sample.build(1, [checkout()], repository: real(repository), branch: real(branch), revision: revision.map(real)))
        #expect(ran.end?.outcome == .failure)
        #expect(ran.end?.cause == .checkout)
        #expect(ran.end?.text.isEmpty == false)
        #expect(!FileManager.default.fileExists(atPath: proof))
    }

    @Test("A branch whose name looks like an option is built like any other")
    func optionBranch() async throws {
        let origin = try repository()
        let revision = try origin.commit(["a": "1"], message: "1")
        try origin.git("update-ref", "refs/heads/--upload-pack=touch", revision)
        let ran = try await StepHarness().run(Sample.build(1, [checkout()], repository: origin.path, branch: "--upload-pack=touch"))
        #expect(ran.end?.outcome == .success, "\(ran.end?.text ?? "") \(ran.log("1-checkout"))")
    }

    @Test("Hooks of the user, of the repository's template or of an earlier build do not run")
    func hooks() async throws {
        let origin = try repository()
        let revision = try origin.commit(["a": "1"], message: "1")
        let harness = try StepHarness()
        let hooks = harness.temporary.file("hooks")
        try FileManager.default.createDirectory(atPath: hooks, withIntermediateDirectories: true)
        let proof = temporary.file("proof")
        try "#!/bin/sh\ntouch \(proof)\n".write(toFile: hooks + "/post-checkout", atomically: true, encoding: .utf8)
        chmod(hooks + "/post-checkout", 0o755)
        try "[core]\n\thooksPath = \(hooks)\n".write(toFile: harness.temporary.file(".gitconfig"), atomically: true, encoding: .utf8)
        let plant = Sample.step("plant", "mkdir -p .git/hooks; cp \(hooks)/post-checkout .git/hooks/")
        for number: Int64 in [1, 2] {
            let ran = try await harness.run(Sample.build(number, [checkout(), plant], repository: origin.path, revision: revision))
            #expect(ran.end?.outcome == .success)
        }
        #expect(!FileManager.default.fileExists(atPath: proof))
    }

    @Test("Submodules come at the revision that the tree names, only when asked for")
    func submodules() async throws {
        let inner = try repository("inner")
        let wanted = try inner.commit(["lib.txt": "lib"], message: "lib")
        let origin = try repository()
        try origin.commit(["a": "1"], message: "1")
        try origin.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path, "vendor/inner")
        let revision = try origin.commit([:], message: "with submodule")
        try inner.commit(["lib.txt": "newer"], message: "newer")
        let harness = try StepHarness()
        let look = Sample.step("look", "cat vendor/inner/lib.txt; git -C vendor/inner rev-parse HEAD")
        let ran = try await harness.run(
            Sample.build(1, [checkout(.init(submodules: true)), look], repository: origin.path, revision: revision))
        #expect(ran.log("2-look") == "lib\(wanted)\n", "\(ran.log("1-checkout"))")
        let without = try await harness.run(
            Sample.build(2, [checkout(), Sample.step("look", "ls vendor/inner")], repository: origin.path, revision: revision, builder: "plain"))
        #expect(without.log("2-look").isEmpty)
    }

    @Test("The tree can go into a directory of its own, but not out of the build's")
    func directory() async throws {
        let origin = try repository()
        let revision = try origin.commit(["a": "1"], message: "1")
        let harness = try StepHarness()
        let steps = [checkout(.init(directory: "src/main")), Sample.step("look", "ls") { $0.directory = "src/main" }]
        let ran = try await harness.run(Sample.build(1, steps, repository: origin.path, revision: revision))
        #expect(ran.log("2-look") == "a\n")
        let out = try await harness.run(Sample.build(2, [checkout(.init(directory: "../out"))], repository: origin.path, revision: revision))
        #expect(out.end?.cause == .invalidStep)
    }

    @Test("A broken working directory or mirror lock left by a killed git is repaired")
    func repairs() async throws {
        let origin = try repository()
        let revision = try origin.commit(["a": "1"], message: "1")
        let harness = try StepHarness()
        _ = try await harness.run(Sample.build(1, [checkout()], repository: origin.path, revision: revision))
        try Data("garbage".utf8).write(to: URL(fileURLWithPath: harness.path(".git/index")))
        try Data().write(to: URL(fileURLWithPath: harness.path(".git/index.lock")))
        let mirror = Mirror.path(of: try RepositoryAddress(origin.path), in: harness.setting.directory.mirrors)
        try Data().write(to: URL(fileURLWithPath: mirror + "/packed-refs.lock"))
        let newer = try origin.commit(["a": "2"], message: "2")
        let ran = try await harness.run(Sample.build(2, [checkout()], repository: origin.path, revision: newer))
        #expect(ran.end?.outcome == .success, "\(ran.log("1-checkout"))")
        #expect(try String(contentsOfFile: harness.path("a"), encoding: .utf8) == "2")
    }

    @Test("What an untrusted build or a try leaves behind is nowhere near a trusted one", arguments: [true, false])
    func apart(isTry: Bool) async throws {
        let origin = try repository()
        let revision = try origin.commit(["a": "1"], message: "1")
        let harness = try StepHarness()
        let trap = temporary.file("trap")
        let poison = Sample.step("poison", "git config filter.x.smudge 'touch \(trap)'; echo '* filter=x' > .git/info/attributes; echo x > left")
        var hostile = Sample.build(1, [checkout(), poison], repository: origin.path, revision: revision)
        let patch = Data("diff --git a/b b/b\nnew file mode 100644\n--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+1\n".utf8)
        if isTry {
            hostile.stamp.patch = SourceStamp.digest(ofPatch: patch)
        } else {
            hostile.properties[PullProperty.untrusted] = Property(true, source: "change 1")
        }
        let first = try await harness.run(
            hostile, patch: { _, _ throws(DispatcherError) in PatchAnswer(patch: patch.base64EncodedString()) })
        #expect(first.end?.outcome == .success, "\(first.log("1-checkout"))")
        let recipe = StepRecipe.Checkout(mode: .incremental)
        let newer = try origin.commit(["a": "2"], message: "2")
        let second = try await harness.run(Sample.build(2, [checkout(recipe)], repository: origin.path, revision: newer))
        #expect(second.end?.outcome == .success, "\(second.log("1-checkout"))")
        #expect(!FileManager.default.fileExists(atPath: trap))
        #expect(!FileManager.default.fileExists(atPath: harness.path("left")))
        #expect(FileManager.default.fileExists(atPath: harness.path("a")))
    }

    @Test("Neither hooks nor a file system monitor that a repository's configuration names run in a checkout")
    func noHooks() async throws {
        let origin = try repository()
        let revision = try origin.commit(["a": "1"], message: "1")
        let harness = try StepHarness()
        let trap = temporary.file("trap")
        let poison = Sample.step(
            "poison",
            """
            mkdir -p .git/own && printf '#!/bin/sh\\ntouch \(trap)\\n' > .git/own/post-checkout && chmod +x .git/own/post-checkout
            cp .git/own/post-checkout .git/own/post-index-change && cp .git/own/post-checkout .git/own/monitor
            git config core.hooksPath "$PWD/.git/own" && git config core.fsmonitor "$PWD/.git/own/monitor"
            """)
        let first = try await harness.run(Sample.build(1, [checkout(), poison], repository: origin.path, revision: revision))
        #expect(first.end?.outcome == .success, "\(first.log("2-poison"))")
        let newer = try origin.commit(["a": "2"], message: "2")
        let second = try await harness.run(Sample.build(2, [checkout()], repository: origin.path, revision: newer))
        #expect(second.end?.outcome == .success, "\(second.log("1-checkout"))")
        #expect(!FileManager.default.fileExists(atPath: trap))
    }

    @Test("A working directory inside another repository never touches that one")
    func insideAnother() async throws {
        let origin = try repository()
        let revision = try origin.commit(["a": "1"], message: "1")
        let harness = try StepHarness()
        let outer = try GitRepository(at: harness.temporary.path)
        try "precious".write(toFile: harness.temporary.file("untracked"), atomically: true, encoding: .utf8)
        _ = try await harness.run(Sample.build(1, [checkout()], repository: origin.path, revision: revision))
        try FileManager.default.removeItem(atPath: harness.path(".git"))
        try FileManager.default.createSymbolicLink(atPath: harness.path(".git"), withDestinationPath: outer.path + "/.git")
        let ran = try await harness.run(Sample.build(2, [checkout()], repository: origin.path, revision: revision))
        #expect(ran.end?.outcome == .success, "\(ran.log("1-checkout"))")
        #expect(FileManager.default.fileExists(atPath: harness.temporary.file("untracked")))
        #expect(try outer.git("symbolic-ref", "HEAD") == "refs/heads/main")
    }
}
