import Testing

@testable import StoragePostgres

@Suite struct PreparedStatementsTests {
    @Test("The statement that was not used for longest makes room, and its name is given up")
    func leastRecentlyUsed() {
        var statements = PreparedStatements(capacity: 2)
        #expect(statements.use("a") == .new(name: "s1", givingUp: nil))
        #expect(statements.use("b") == .new(name: "s2", givingUp: nil))
        #expect(statements.use("a") == .known(name: "s1"))
        #expect(statements.use("c") == .new(name: "s3", givingUp: "s2"))
        #expect(statements.use("a") == .known(name: "s1"))
        #expect(statements.count == 2)
    }

    @Test("One that could not be prepared is prepared again under a name of its own")
    func forgetting() {
        var statements = PreparedStatements(capacity: 2)
        _ = statements.use("a")
        statements.forget("a")
        #expect(statements.use("a") == .new(name: "s2", givingUp: nil))
    }
}
