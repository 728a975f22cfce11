import Domain
import HTTPTypes
import StoreConformance
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct PageTests {
    private static let hostile = "<script>alert(1)</script>\"'`&\u{202E}<img src=x onerror=alert(2)>"

    @Test("Nothing that anybody says becomes markup, on any page")
    func escaping() async throws {
        try await WebRig.with { rig in
            let hostile = Self.hostile
            _ = try await rig.store.accept(
                [
                    NewChange(
                        source: hostile, project: "demo", repository: hostile, branch: hostile, revision: hostile, author: hostile, comments: hostile,
                        files: [hostile], dedupeKey: "k")
                ], advancing: nil)
            var force = Samples.force()
            (force.repository, force.branch, force.revision, force.reason) = (hostile, hostile, hostile, hostile)
            force.properties = ["p": .string(hostile)]
            _ = try await rig.store.force(force, idempotency: nil)
            _ = try await rig.store.force(force, idempotency: nil)
            let worker = try await WorkerDouble(rig.store, hostile, labels: [hostile: hostile], slots: 1)
            let build = try #require(try await worker.claim(1).first)
            try await worker.accept([build])
            try await worker.tell(build, .stepStarted(StepStart(number: 1)), key: "s")
            try await worker.append(build, at: 0, Array("\u{1B}[31m\(hostile)\u{1B}[0m \u{1B}]8;;javascript:alert(3)\u{07}link".utf8))
            try await worker.tell(
                build, .stepFinished(StepEnd(number: 1, outcome: .failure, durationMilliseconds: 1, text: hostile)), key: "f")
            try await rig.store.recordSourceHealth("repo", .init(healthy: false, message: hostile, since: Timestamp(seconds: 0)))
            for path in ["/", "/changes", "/workers", "/builds/\(build.build)", "/builds/99", "/?branch=%3Cscript%3Ealert(1)", "/?%3Cscript%3E=1"] {
                let response = try await rig.get(path)
                let body = String(buffer: response.body)
                #expect(response.headers[.contentType] == "text/html; charset=utf-8", "\(path)")
                #expect(!body.contains("<script>alert") && !body.contains("<img src=x"), "\(path)")
                #expect(!body.contains("javascript:") && !body.contains("\u{202E}") && !body.contains("\u{1B}"), "\(path)")
                let policy = response.headers[.contentSecurityPolicy]
                #expect(policy?.contains("script-src 'self'") == true && policy?.contains("unsafe") == false, "\(path)")
            }
            let page = String(buffer: try await rig.get("/builds/\(build.build)").body)
            #expect(page.contains("<span class=\"f1\">&lt;script&gt;alert(1)&lt;/script&gt;"))
        }
    }

    @Test("The log of a page goes on as markup, without a script in it")
    func live() async throws {
        try await WebRig.with { rig in
            try await rig.force()
            let worker = try await WorkerDouble(rig.store, "w1")
            let build = try #require(try await worker.claim().first)
            try await worker.accept([build])
            let text = "a\u{1B}[32m<b>\u{1B}[0m"
            try await worker.append(build, at: 0, Array(text.utf8))
            try await worker.finish(build, .success, logs: [.of(Array(text.utf8))])
            let path = "/builds/\(build.build)/logs/1-unit/live"
            let response = try await rig.get(path + "?offset=1")
            #expect(String(buffer: response.body) == "<span class=\"f2\">&lt;b&gt;</span>\u{1E}")
            #expect(response.headers[.contentType] == "text/plain; charset=utf-8")
            for wrong in ["?offset=-1", "?offset=x", "?from=1"] { #expect(try await rig.get(path + wrong).status == .badRequest) }
            #expect(try await rig.get(path + "?offset=9223372036854775807").status == .ok)
            #expect(rig.logs.followerCount == 0)
        }
    }

    @Test("An empty deployment's pages say what to do, and assets may be kept for ever")
    func empty() async throws {
        try await WebRig.with { rig in
            #expect(String(buffer: try await rig.get("/").body).contains("doorbell force test"))
            #expect(String(buffer: try await rig.get("/changes").body).contains("doorbell change submit"))
            let page = String(buffer: try await rig.get("/workers").body)
            #expect(page.contains("doorbell-worker"))
            let asset = try await rig.get(Asset.style.link)
            #expect(asset.status == .ok && asset.headers[.cacheControl]?.contains("immutable") == true)
        }
    }

    static let printed: [(printed: String, html: String)] = [
        ("plain", "plain"), ("a\r\nb", "a\nb"), ("a\rb", "a\nb"), ("\u{1B}[1;31mx\u{1B}[mz", "<span class=\"f1 bold\">x</span>z"),
        ("\u{1B}[38;5;200mx", "<span class=\"f200\">x</span>"), ("\u{1B}[38;2;255;0;0mx", "<span class=\"f196\">x</span>"),
        ("\u{1B}[38;5;999mx", "x"), ("\u{1B}[38mx", "x"), ("\u{1B}[99999999999999999999mx", "x"), ("\u{1B}[2J\u{1B}[Hx", "x"),
        ("\u{1B}]0;title\u{07}x", "x"), ("\u{1B}]0;title\u{1B}\\x", "x"), ("\u{1B}(Bx", "x"), ("\u{7}\u{8}x\u{0}", "x"),
        ("\u{9B}31mx", "\u{FFFD}31mx"),
        ("<&>\"'", "&lt;&amp;&gt;&quot;&#39;"), ("é🔔", "é🔔"), ("\u{1B}[7mx", "<span class=\"fi bi\">x</span>"),
    ]

    @Test("What a build prints looks as on a terminal, cut into whatever pieces", arguments: printed)
    func ansi(printed: String, html: String) {
        let bytes = Array(printed.utf8)
        for cut in 0...bytes.count {
            var renderer = ANSIRenderer()
            var whole = renderer.render(bytes[..<cut])
            whole += renderer.render(bytes[cut...])
            whole += renderer.finish()
            // A style that spans the cut is opened again behind it.
            let joined = whole.text.replacing("</span><span class=\"\(Self.classes(html))\">", with: "")
            #expect(joined == html, "cut at \(cut)")
        }
    }

    private static func classes(_ html: String) -> Substring {
        html.split(separator: "class=\"").dropFirst().first?.prefix { $0 != "\"" } ?? ""
    }

    @Test("Bytes that are no text, and commands without end, are shown or dropped, and nothing grows")
    func noise() {
        var renderer = ANSIRenderer()
        #expect(renderer.render([0xFF, 0xFE, 0x41]).text == "\u{FFFD}\u{FFFD}A")
        _ = renderer.render(Array("\u{1B}]".utf8) + [UInt8](repeating: 0x41, count: 1_000_000))
        let after = renderer.render(Array("\nnext".utf8)) + renderer.finish()
        #expect(after.text.hasSuffix("next"))
    }
}
