import Testing

@testable import Intake

/// Which line of what git complained of people are shown.
@Suite struct GitComplaintTests {
    @Test(
        "The line that says why is shown, not what followed from it",
        arguments: [
            (
                "fatal: '/srv/gone' does not appear to be a git repository\nfatal: Could not read from remote repository.\n\nPlease make sure",
                "fatal: '/srv/gone' does not appear to be a git repository"
            ),
            (
                "ssh: Could not resolve hostname nowhere: Name or service not known\r\nfatal: Could not read from remote repository.\n",
                "ssh: Could not resolve hostname nowhere: Name or service not known"
            ),
            (
                "git@example.org: Permission denied (publickey).\nfatal: Could not read from remote repository.",
                "git@example.org: Permission denied (publickey)."
            ),
            ("warning: redirecting\nfatal: unable to access 'https://example.org/': 403", "fatal: unable to access 'https://example.org/': 403"),
            ("fatal: Could not read from remote repository.\n", "fatal: Could not read from remote repository."),
        ])
    func cause(complaint: String, shown: String) {
        #expect(GitOutput.cause(in: complaint) == shown)
    }

    @Test("A git that says nothing has no cause to show")
    func silent() {
        #expect(GitOutput.cause(in: "\n") == nil)
    }
}
