import Domain
import Foundation
import HTTPTypes
import Hummingbird
import ProcessSupport
import TestSupport
import Testing

@testable import WorkerAgent

/// Checkouts with the real hg and real repositories.
@Suite struct MercurialCheckoutTests {
    let temporary = TemporaryDirectory()

    private func checkout(_ mode: StepRecipe.Checkout.Mode = .clean, credential: CredentialReference? = nil) -> StepRecipe {
        StepRecipe(name: "checkout", action: .checkout(.init(mode: mode, credential: credential, system: .mercurial)))
    }

    @Test("The exact changeset is checked out, whole or by its first twelve digits, and nothing is pulled for what is here")
    func exact() async throws {
        let origin = try MercurialRepository(at: temporary.file("origin"))
        let first = try origin.commit(["a.txt": "one"], message: "1")
        let second = try origin.commit(["a.txt": "two"], message: "2")
        let harness = try StepHarness()
        let ran = try await harness.run(Sample.build(1, [checkout()], repository: origin.path, revision: first))
        #expect(ran.end?.outcome == .success, "\(ran.log("1-checkout"))")
        #expect(try String(contentsOfFile: harness.path("a.txt"), encoding: .utf8) == "one")
        #expect(ran.log("1-checkout") == "pulling from \(origin.path)\nat \(first)\n")
        let steps = [checkout(), Sample.step("show", "echo $DOORBELL_REVISION; cat a.txt")]
        let again = try await harness.run(Sample.build(2, steps, repository: origin.path, revision: String(second.prefix(12))))
        #expect(again.log("2-show") == "\(second)\ntwo" && again.log("1-checkout") == "at \(second)\n")
        for (number, wrong) in [(3, String(repeating: "f", count: 40)), (4, "tip"), (5, String(repeating: "ab", count: 20))] {
            let refused = try await harness.run(Sample.build(Int64(number), steps, repository: origin.path, revision: wrong))
            #expect(refused.end?.outcome == .failure && refused.end?.cause == .checkout, "\(wrong)")
        }
    }

    @Test("Without a revision the tip of the branch is built, of default where none is named, and one that moved is noticed")
    func tip() async throws {
        let origin = try MercurialRepository(at: temporary.file("origin"))
        let base = try origin.commit(["a": "1"], message: "1")
        try origin.hg("branch", "--quiet", "topic/x")
        let topic = try origin.commit(["a": "2"], message: "2")
        let harness = try StepHarness()
        let steps = [checkout(), Sample.step("show", "echo $DOORBELL_REVISION")]
        #expect(try await harness.run(Sample.build(1, steps, repository: origin.path, branch: "topic/x")).log("2-show") == "\(topic)\n")
        #expect(try await harness.run(Sample.build(2, steps, repository: origin.path, branch: "")).log("2-show") == "\(base)\n")
        let moved = try origin.commit(["a": "3"], message: "3")
        #expect(try await harness.run(Sample.build(3, steps, repository: origin.path, branch: "topic/x")).log("2-show") == "\(moved)\n")
        for (number, wrong) in [(4, "nowhere"), (5, "x') or all() or branch('default")] {
            #expect(try await harness.run(Sample.build(Int64(number), steps, repository: origin.path, branch: wrong)).end?.cause == .checkout)
        }
    }

    @Test("Clean removes what hg does not track, incremental keeps it, and both undo changes; what an earlier build broke is made again")
    func modes() async throws {
        let origin = try MercurialRepository(at: temporary.file("origin"))
        let revision = try origin.commit(["a.txt": "one", ".hgignore": "syntax: glob\n*.o\n"], message: "1")
        let harness = try StepHarness()
        let dirty = Sample.step("dirty", "echo x > made.o; echo y > new.txt; echo z > a.txt; mkdir -p d/e; echo > d/e/f")
        let show = Sample.step("ls", "ls; cat a.txt")
        _ = try await harness.run(Sample.build(1, [checkout(), dirty], repository: origin.path, revision: revision))
        let kept = try await harness.run(Sample.build(2, [checkout(.incremental), show], repository: origin.path, revision: revision))
        #expect(kept.log("2-ls") == "a.txt\nd\nmade.o\nnew.txt\none")
        let clean = try await harness.run(Sample.build(3, [checkout(), show], repository: origin.path, revision: revision))
        #expect(clean.log("2-ls") == "a.txt\none")
        let breaking = Sample.step("break", "rm -r .hg/store; echo > .hg/requires")
        _ = try await harness.run(Sample.build(4, [checkout(), breaking], repository: origin.path, revision: revision))
        let mended = try await harness.run(Sample.build(5, [checkout(), show], repository: origin.path, revision: revision))
        #expect(mended.log("2-ls") == "a.txt\none", "\(mended.log("1-checkout"))")
    }

    @Test("Nothing that a repository, or an earlier build, says for hg is heeded; a subrepository is not fetched")
    func hostile() async throws {
        let origin = try MercurialRepository(at: temporary.file("origin"))
        let revision = try origin.commit(["a.txt": "one"], message: "1")
        let trace = temporary.file("trace")
        let hooks = "[hooks]\noutgoing = touch \(trace)\npreupdate = touch \(trace)\nupdate = touch \(trace)\n"
        try hooks.write(toFile: origin.path + "/.hg/hgrc", atomically: false, encoding: .utf8)
        let harness = try StepHarness(environment: ["HGRCPATH": origin.path + "/.hg/hgrc"])
        let leave = Sample.step("leave", "cp \(origin.path)/.hg/hgrc .hg/hgrc")
        for number in 1...2 {
            let ran = try await harness.run(Sample.build(Int64(number), [checkout(), leave], repository: origin.path, revision: revision))
            #expect(ran.end?.outcome == .success, "\(ran.log("1-checkout"))")
        }
        #expect(!FileManager.default.fileExists(atPath: trace))
        try MercurialRepository(at: origin.path + "/sub").commit(["s": "1"], message: "s")
        let nested = try origin.commit([".hgsub": "sub = sub\n"], message: "2")
        let refused = try await harness.run(Sample.build(3, [checkout()], repository: origin.path, revision: nested))
        #expect(refused.end?.outcome == .failure && refused.end?.cause == .checkout)
        #expect(refused.log("1-checkout").contains("subrepos"))
        for (number, address) in [(4, "git@127.0.0.1:x"), (5, "git://127.0.0.1/x")] {
            let wrong = try await harness.run(Sample.build(Int64(number), [checkout()], repository: address, revision: revision))
            #expect(wrong.end?.cause == .checkout && wrong.end?.outcome == .failure)
        }
    }

    @Test("The credential goes to the repository's own server, not to where that leads, and into no command line and no log")
    func credential() async throws {
        let secret = "s3cret-\(UUID().uuidString)"
        let sights = Watched<[(authorization: String?, isInProcessList: Bool)]>([])
        let thief = Watched(0)
        let other = Router()
        other.get("**") { _, _ -> Response in
            thief.change { $0 += 1 }
            return Response(status: .notFound)
        }
        let harness = try StepHarness(environment: ["HG_TOKEN": "ada:\(secret)"])
        let ran = try await LoopbackServer.serve(other, name: "thief") { place in
            let router = Self.asking(secret, place) { authorization, isSeen in sights.change { $0.append((authorization, isSeen)) } }
            return try await LoopbackServer.serve(router, name: "hg") { url in
                try await harness.run(
                    Sample.build(
                        1, [checkout(credential: .environment("HG_TOKEN"))], repository: url + "/r", revision: String(repeating: "ab", count: 20)))
            }
        }
        #expect(ran.end?.outcome == .failure)
        let expected = "Basic " + Data("ada:\(secret)".utf8).base64EncodedString()
        #expect(sights.value.contains { $0.authorization == expected } && sights.value.allSatisfy { !$0.isInProcessList })
        #expect(thief.value == 0 && !ran.log("1-checkout").contains(secret))
    }

    /// A server that asks for a password and then leads elsewhere.
    private static func asking(_ secret: String, _ elsewhere: String, _ see: @escaping @Sendable (String?, Bool) -> Void) -> Router<
        BasicRequestContext
    > {
        let router = Router()
        router.get("**") { request, _ -> Response in
            let authorization = request.headers[.authorization]
            see(authorization, commandLines().contains { $0.contains(secret) })
            return authorization == nil
                ? Response(status: .unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"hg\""])
                : Response(status: .found, headers: [.location: elsewhere + request.uri.string])
        }
        return router
    }

    private static func commandLines() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { Int($0) != nil }.compactMap { FileManager.default.contents(atPath: "/proc/\($0)/cmdline") }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
