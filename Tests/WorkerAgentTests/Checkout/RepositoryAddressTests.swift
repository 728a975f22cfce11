import Testing

@testable import WorkerAgent

@Suite struct RepositoryAddressTests {
    @Test(
        "What git may be sent to is taken",
        arguments: [
            ("https://example.org/a.git", RepositoryAddress.Transport.https), ("http://example.org:8080/a", .http),
            ("ssh://git@example.org:2222/a.git", .ssh), ("git@example.org:team/a.git", .ssh), ("git://example.org/a", .git),
            ("file:///srv/a.git", .file),
            ("/srv/a b.git", .file), ("HTTPS://example.org/a", .https), ("https://me@example.org/a", .https),
        ])
    func accepted(text: String, transport: RepositoryAddress.Transport) throws {
        #expect(try RepositoryAddress(text).transport == transport)
    }

    @Test(
        "What looks like an option, runs a program, or says nothing is refused",
        arguments: [
            "", "-", "--upload-pack=touch /tmp/x", "-oProxyCommand=x:y", "ext::sh -c 'touch /tmp/x'", "fd::17", "ext://x", "EXT::sh", "foo::bar",
            "http::https://example.org", "relative/path", "../x", "~/x", "ssh://-oProxyCommand=touch/x", "git@-oProxyCommand=x:y", ":x", "@:x",
            "https://", "https:///x", "rsync://example.org/x", "a\nb:c", "/tmp/a\0b", "https://user:password@example.org/x",
            "javascript:alert(1)/..://",
        ])
    func refused(text: String) {
        #expect(throws: RepositoryAddress.Refusal.self) { try RepositoryAddress(text) }
    }

    @Test("A password in an address is not repeated in the refusal")
    func secretStaysOut() {
        let error = #expect(throws: RepositoryAddress.Refusal.self) { try RepositoryAddress("https://user:hunter2@example.org/x") }
        #expect(error?.problem.contains("hunter2") == false)
    }

    @Test(
        "Names that are no branches are refused",
        arguments: [
            "refs/heads/a..b", "refs/heads/a b", "refs/heads/a^", "refs/heads/x.lock", "refs/heads/@{1}", "refs/heads//a", "refs/heads/.a",
            "refs/heads/a\n",
        ])
    func references(name: String) {
        #expect(!Mirror.isProperReference(name))
    }

    @Test("Full revisions are told from others")
    func revisions() {
        #expect(Mirror.isFullRevision(String(repeating: "aF0", count: 13) + "1"))
        #expect(Mirror.isFullRevision(String(repeating: "0", count: 64)))
        for text in ["", "main", "abc123", String(repeating: "g", count: 40), "--upload-pack=" + String(repeating: "a", count: 26)] {
            #expect(!Mirror.isFullRevision(text))
        }
    }
}
