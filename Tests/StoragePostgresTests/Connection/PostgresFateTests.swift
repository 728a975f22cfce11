import Testing

@testable import StoragePostgres

@Suite struct PostgresFateTests {
    typealias Fate = PostgresTransactionNumber.Fate

    static let table: [(status: String?, isSameRun: Bool, fate: Fate)] = [
        ("committed", true, .committed), ("aborted", true, .notCommitted), ("in progress", true, .open), (nil, true, .unknown),
        (PostgresTransactionNumber.notGivenOut, true, .notCommitted),
        // After a crash or a promotion the number may be another transaction's.
        ("committed", false, .unknown), ("in progress", false, .notCommitted), ("aborted", false, .notCommitted), (nil, false, .unknown),
        (PostgresTransactionNumber.notGivenOut, false, .notCommitted),
    ]

    @Test("The number of a transaction proves that it committed only in the run of the server that gave it out", arguments: table)
    func fate(_ status: String?, _ isSameRun: Bool, _ fate: Fate) {
        let transaction = PostgresTransactionNumber(number: "4711", run: "one")
        #expect(transaction.fate(status: status, run: isSameRun ? "one" : "two") == fate)
    }
}
