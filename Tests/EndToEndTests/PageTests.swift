import Foundation
import ProcessSupport
import TestSupport
import Testing

/// The pages in a real browser. With DOORBELL_SCREENSHOTS=DIRECTORY the pictures are kept there.
@Suite(.serialized) struct PageTests {
    let directory = TemporaryDirectory()

    private static let longBranch = "feature/" + String(repeating: "a-name-that-a-tool-made-", count: 8)
    private static let longBuilder = "integration tests of the storefront with every plug-in there is"

    /// A deployment whose build prints something, waits for a file, and prints on.
    private func makeDeployment() throws -> (Deployment, GitRepository, go: String) {
        let repository = try GitRepository(at: directory.file("repo"))
        try repository.commit(["README": "hello\n"], message: "Greet <everybody> & " + String(repeating: "more ", count: 40))
        let deployment = try Deployment(directory: directory.file("run"))
        let go = directory.file("go")
        try deployment.write(
            configuration: """
                project: demo
                sources:
                  - {name: repo, git: "\(repository.path)", branches: ["**"], every: 1s}
                schedulers:
                  - {name: commits, kind: any-branch, builders: ["\(Self.longBuilder)"]}
                builders:
                  - name: "\(Self.longBuilder)"
                    properties: {channel: nightly}
                    steps:
                      - checkout: {}
                      - name: unit
                        run: |
                          printf '\\033[32mgreen\\033[0m and <b>plain</b> & \\033]0;title\\007done\\n'
                          until test -e "\(go)"; do sleep 0.05; done
                          echo afterwards
                """)
        return (deployment, repository, go)
    }

    private func capture(_ browser: Browser, _ name: String) async throws {
        let kept = ProcessInfo.processInfo.environment["DOORBELL_SCREENSHOTS"]
        let path = (kept ?? directory.path) + "/\(name).png"
        try await browser.capture(to: path)
        let picture = try Data(contentsOf: URL(fileURLWithPath: path))
        // A page of one colour compresses to less.
        #expect(picture.count > 5000, "\(name) shows nothing")
    }

    /// What sticks out to the right of the window or of the table that it is in.
    private static let overflow = """
        [document.documentElement, ...document.querySelectorAll('.scroll, h1, dl, pre, details')]
            .filter((element) => element.scrollWidth > element.clientWidth).map((element) => element.tagName + '.' + element.className).join(' ')
        """

    private func expectFits(_ browser: Browser, _ name: String, width: Int) async throws {
        try await browser.resize(width: width, height: 900)
        #expect(try await browser.text(Self.overflow) == "", "\(name) at \(width)")
        try await capture(browser, "\(name)-\(width)")
    }

    @Test("Builds, outcomes and logs appear on open pages without loading them again, in colours and never as markup; long names fit")
    func live() async throws {
        let (deployment, repository, go) = try makeDeployment()
        let up = try await deployment.start()
        let browser = try await Browser(directory: directory.file("browser"))
        try await browser.open(deployment.url + "/")
        // Gone when the page is loaded again.
        _ = try await browser.text("window.mark = 'still here'")
        try await browser.wait(until: "document.querySelector('#build-1 .badge')?.textContent === 'running'")
        try repository.git("checkout", "--quiet", "-b", Self.longBranch)
        try repository.commit(["README": "hello again\n"], message: "Greet again")
        try await browser.wait(until: "document.querySelector('#build-2 .badge')?.textContent === 'running'")
        for width in [1280, 400] { try await expectFits(browser, "home-running", width: width) }

        let page = try await Browser(directory: directory.file("second-browser"))
        try await page.open(deployment.url + "/builds/1")
        _ = try await page.text("window.mark = 'still here'")
        try await page.wait(until: "document.querySelector('pre .f2')?.textContent === 'green'")
        #expect(try await page.text("document.querySelector('pre b')") == "null")
        let log = "[...document.querySelectorAll('pre')].at(-1).textContent"
        #expect(try await page.text("\(log)") == "green and <b>plain</b> & done\n")
        #expect(
            try await page.text("getComputedStyle(document.querySelector('pre .f2')).color !== getComputedStyle(document.querySelector('pre')).color")
                == "true")
        try await expectFits(page, "build-running", width: 1280)

        try Data().write(to: URL(fileURLWithPath: go))
        try await page.wait(until: "\(log).endsWith('afterwards\\n')")
        try await page.wait(until: "document.querySelector('h1 .badge').textContent === 'success'")
        try await browser.wait(until: "document.querySelector('#build-2 .badge').textContent === 'success'")
        #expect(try await page.text("window.mark") == "still here")
        #expect(try await browser.text("window.mark") == "still here")
        for width in [1280, 400] { try await expectFits(page, "build", width: width) }
        try await browser.prefer(dark: true)
        for width in [1280, 400] { try await expectFits(browser, "home-dark", width: width) }
        // Open pages do not hold up the stop: it comes long before streams would be cut.
        up.send(SIGTERM)
        #expect(await up.status(within: .seconds(15)) == 0)
        await browser.close()
        await page.close()
    }

    @Test("Without JavaScript the pages show everything but what happens next, and say so")
    func withoutScripts() async throws {
        let (deployment, _, go) = try makeDeployment()
        try Data().write(to: URL(fileURLWithPath: go))
        let up = try await deployment.start()
        _ = try await deployment.api.poll { try await deployment.api.list("/api/v1/builds?phase=finished").isEmpty ? nil : true }
        let browser = try await Browser(directory: directory.file("browser"))
        try await browser.allowScripts(false)
        try await browser.open(deployment.url + "/")
        #expect(try await browser.text("document.querySelector('#build-1 .badge').textContent") == "success")
        #expect(try await browser.text("document.querySelector('noscript p').checkVisibility()") == "true")
        #expect(try await browser.text("document.getElementById('live').checkVisibility()") == "false")
        try await browser.open(deployment.url + "/builds/1")
        #expect(try await browser.text("document.querySelectorAll('#steps tbody tr').length") == "2")
        #expect(try await browser.text("[...document.querySelectorAll('pre')].at(-1).textContent").hasSuffix("done\nafterwards\n"))
        #expect(try await browser.text("[...document.querySelectorAll('button')].some((button) => button.checkVisibility())") == "false")
        try await browser.prefer(dark: false)
        let light = try await browser.text("getComputedStyle(document.body).backgroundColor")
        try await browser.prefer(dark: true)
        #expect(try await browser.text("getComputedStyle(document.body).backgroundColor") != light)
        await browser.close()
        up.send(SIGTERM)
        #expect(await up.status() == 0)
    }
}
