import Domain
import Storage
import TestSupport
import Testing
import Wire

@testable import HTTPDoor

@Suite struct AccessKeeperTests {
    private let book = TokenBook()
    private let clock = ManualClock()
    private let reader = TokenGrant(name: "ada", role: .reader)

    private func keeper(anonymous: Bool = false) -> AccessKeeper {
        AccessKeeper(mode: .tokens(anonymousReads: anonymous), store: book, patience: .seconds(60), clock: clock)
    }

    private func isRefused(_ keeper: AccessKeeper, _ token: String, status: Int = 401) async -> Bool {
        do {
            _ = try await keeper.principal(showing: token)
            return false
        } catch {
            return (error as? Problem)?.status == status
        }
    }

    @Test("A text is a token only in the one form that stores give out")
    func forms() {
        let secret = TokenText.randomSecret()
        #expect(secret.utf8.count == 43 && secret != TokenText.randomSecret())
        #expect(TokenText("dbl_17_\(secret)") == TokenText(id: TokenID(17), secret: secret))
        #expect(TokenText(id: TokenID(17), secret: secret).text == "dbl_17_\(secret)")
        let wrong = [
            "", "dbl", "dbl_", "dbl_17", "dbl_17_", "dbl_17_\(secret)x", "dbl_17_\(secret.dropLast())", "dbl_+17_\(secret)", "dbl_017_\(secret)",
            "dbl_-1_\(secret)", "dbl__\(secret)", "DBL_17_\(secret)", "dbl_99999999999999999999_\(secret)", "dbl_17_\(secret.dropLast())\0",
            "dbl_17_\(secret.dropLast())é", " dbl_17_\(secret)", "dbl_17_\(String(repeating: "\u{FFFD}", count: 43))",
            String(repeating: "d", count: 1_000_000),
        ]
        for text in wrong { #expect(TokenText(text) == nil, "\(text.prefix(80))") }
    }

    @Test("Calls are judged from memory: one read, however many come")
    func memory() async throws {
        let token = book.add(reader)
        let keeper = keeper()
        for _ in 0..<100 {
            let principal = try await keeper.principal(showing: token)
            #expect(principal.name == "ada" && principal.role == .reader && principal.isKnown && !principal.isBound)
        }
        #expect(book.reads == 1)
    }

    @Test("Another's id with one's own secret, and one's own id with another's, are refused")
    func mixed() async throws {
        let (first, second) = (book.add(reader), book.add(TokenGrant(name: "root", role: .admin)))
        let keeper = keeper()
        let (one, two) = (try #require(TokenText(first)), try #require(TokenText(second)))
        #expect(await isRefused(keeper, TokenText(id: two.id, secret: one.secret).text))
        #expect(await isRefused(keeper, TokenText(id: one.id, secret: two.secret).text))
        #expect(await isRefused(keeper, TokenText(id: TokenID(0), secret: two.secret).text))
        let principal = try await keeper.principal(showing: second)
        #expect(principal.role == .admin)
    }

    @Test("Strangers make it ask the store at most once a second, and a new token is found at its first use")
    func unknown() async throws {
        let keeper = keeper()
        try await keeper.refresh()
        let stranger = TokenText(id: TokenID(900), secret: TokenText.randomSecret()).text
        for _ in 0..<50 { #expect(await isRefused(keeper, stranger)) }
        #expect(book.reads == 1)
        clock.advance(by: .seconds(1))
        let token = book.add(reader)
        let principal = try await keeper.principal(showing: token)
        #expect(principal.name == "ada")
        for _ in 0..<50 { #expect(await isRefused(keeper, stranger)) }
        #expect(book.reads == 2)
    }

    @Test("A revocation counts once it is rung for, and at the latest when the store's word is too old")
    func revocation() async throws {
        let (rung, lost) = (book.add(reader), book.add(reader))
        let keeper = keeper()
        let principal = try await keeper.principal(showing: rung)
        _ = try await keeper.principal(showing: lost)
        book.end(rung)
        _ = try await keeper.pass()
        #expect(await isRefused(keeper, rung))
        #expect(!keeper.stillHolds(principal))
        book.end(lost)
        // The ring was lost; a sweep would say that the version is another.
        #expect(!keeper.confirm(keeper.version + 1, at: clock.now))
        clock.advance(by: AccessKeeper.freshness)
        _ = try await keeper.principal(showing: lost)
        clock.advance(by: .seconds(1))
        #expect(await isRefused(keeper, lost))
    }

    @Test("A sweep that finds the same version keeps what is known fresh, without a read")
    func confirmation() async throws {
        let token = book.add(reader)
        let keeper = keeper()
        _ = try await keeper.principal(showing: token)
        for _ in 0..<10 {
            clock.advance(by: .seconds(100))
            #expect(keeper.confirm(keeper.version, at: clock.now))
            _ = try await keeper.principal(showing: token)
        }
        #expect(book.reads == 1)
    }

    @Test("With the store away what was known is good for a day, and then nobody can say")
    func outage() async throws {
        let token = book.add(reader)
        let keeper = keeper()
        #expect(await isRefused(self.keeper(), "dbl_1_short"))
        _ = try await keeper.principal(showing: token)
        book.set(away: true)
        clock.advance(by: AccessKeeper.outage)
        _ = try await keeper.principal(showing: token)
        clock.advance(by: .seconds(1))
        #expect(await isRefused(keeper, token, status: 503))
        book.set(away: false)
        clock.advance(by: .seconds(1))
        _ = try await keeper.principal(showing: token)
        // Nothing was ever known.
        book.set(away: true)
        #expect(await isRefused(self.keeper(), token, status: 503))
    }

    @Test("What an intake kept on its disk judges as long as the rest of its day lasts")
    func adopted() async throws {
        let token = book.add(TokenGrant(name: "ci", role: .submitter, projects: ["demo"]))
        let state = try await book.accessState()
        let keeper = AccessKeeper(mode: .tokens(anonymousReads: false), store: nil, clock: clock)
        keeper.adopt(state, age: .seconds(3600))
        let principal = try await keeper.principal(showing: token)
        #expect(principal.may(.submitter) && principal.sees("demo") && !principal.sees("other"))
        clock.advance(by: .seconds(23 * 3600 + 1))
        #expect(await isRefused(keeper, token, status: 503))
    }

    @Test("An expired token, and a session of one, are refused without a word of the store")
    func expiry() async throws {
        let past = Timestamp(seconds: 1_000_000)
        let token = book.add(TokenGrant(name: "old", role: .reader, expires: past))
        let parent = book.add(reader)
        let session = book.add(TokenGrant(name: "ada", role: .reader, expires: past), parent: TokenText(parent)?.id)
        let good = book.add(TokenGrant(name: "ada", role: .reader), parent: TokenText(parent)?.id)
        let keeper = keeper()
        #expect(await isRefused(keeper, token))
        #expect(await isRefused(keeper, session))
        let principal = try await keeper.principal(showing: good)
        #expect(principal.token == TokenText(parent)?.id)
        book.end(parent)
        _ = try await keeper.pass()
        #expect(await isRefused(keeper, good))
    }

    @Test("A token's use is told of at most once a minute, of a session as that of its token")
    func uses() async throws {
        let parent = book.add(reader)
        let session = book.add(reader, parent: TokenText(parent)?.id)
        let keeper = keeper()
        for _ in 0..<20 { _ = try await keeper.principal(showing: session) }
        _ = try await keeper.pass()
        _ = try await keeper.principal(showing: parent)
        _ = try await keeper.pass()
        let id = try #require(TokenText(parent)).id
        #expect(book.uses.map { Array($0.keys) } == [[id]])
        clock.advance(by: AccessKeeper.notedEvery)
        _ = try await keeper.principal(showing: parent)
        _ = try await keeper.pass()
        #expect(book.uses.count == 2)
    }

    @Test("The worker of this process has a token that no other process knows")
    func own() async throws {
        let keeper = keeper()
        let token = keeper.ownToken(forWorker: "mill-up")
        let principal = try await keeper.principal(showing: token)
        #expect(principal.role == .worker && principal.workers?.matches("mill-up") == true && principal.workers?.matches("mill") == false)
        #expect(keeper.isGood(TokenID(0)) && !self.keeper().isGood(TokenID(0)))
        #expect(await isRefused(self.keeper(), token))
    }

    @Test("Roles are a ladder, and a worker stands beside it")
    func ladder() {
        let ladder: [AccessRole] = [.reader, .submitter, .operator, .admin]
        for (height, role) in ladder.enumerated() {
            for (needed, other) in ladder.enumerated() { #expect(role.covers(other) == (height >= needed)) }
            #expect(!role.covers(.worker) && !AccessRole.worker.covers(role))
        }
        #expect(AccessRole.worker.covers(.worker))
    }

    @Test("What is wrong with a token is named by field")
    func grants() {
        let now = Timestamp(seconds: 1000)
        func wrong(_ grant: TokenGrant) -> [String] { grant.problems(now: now).map(\.pointer) }
        #expect(wrong(TokenGrant(name: "ada", role: .reader, projects: ["a"], expires: Timestamp(seconds: 1001))).isEmpty)
        #expect(wrong(TokenGrant(name: "", role: .reader, projects: [], expires: now)) == ["/name", "/projects", "/expires"])
        #expect(wrong(TokenGrant(name: "a\0", role: .admin, projects: ["x"])) == ["/name", "/projects"])
        #expect(wrong(TokenGrant(name: "a", role: .worker)) == ["/workers"])
        #expect(wrong(TokenGrant(name: "a", role: .reader, workers: "x")) == ["/workers"])
        #expect(wrong(TokenGrant(name: "a", role: .reader, projects: ["x", "x\u{7F}"])) == ["/projects/1"])
        #expect(wrong(TokenGrant(name: "a", role: .worker, projects: ["x"], workers: "w")) == ["/projects"])
    }

    @Test("Of a token that is not known it is told only after a read, and nothing where there is none")
    func holds() async throws {
        let token = book.add(reader)
        let id = try #require(TokenText(token)).id
        let keeper = keeper()
        #expect(try await keeper.holds(id))
        // Made a moment ago, within the second in which strangers cannot make it ask again.
        let other = book.add(reader)
        #expect(try await keeper.holds(try #require(TokenText(other)).id))
        book.end(token)
        try await keeper.refresh()
        #expect(try await !keeper.holds(id))
        book.set(away: true)
        let away = try await keeper.holds(try #require(TokenText(other)).id)
        #expect(away)
        await #expect(throws: Problem.self) { try await keeper.holds(TokenID(99)) }
    }
}
