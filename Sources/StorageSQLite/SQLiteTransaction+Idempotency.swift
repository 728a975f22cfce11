import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    /// How long a key is kept (DESIGN §1, rule 6).
    private static let kept: Duration = .seconds(7 * 86_400)

    private struct Answer: Codable {
        var buildset: BuildsetID
        var request: RequestID
        var chain: ChainID
    }

    /// Does something once for each key: the same key again gets the first answer, the same key for something else is refused.
    func once(_ key: IdempotencyKey?, _ body: () throws -> ForceReceipt) throws -> ForceReceipt {
        guard let key else { return try body() }
        let oldest = now.advanced(by: .zero - Self.kept).microseconds
        // Index: idempotency_age.
        try run("DELETE FROM idempotency WHERE created < ?", [oldest])
        if let row = try first(
            "SELECT body_hash, answer FROM idempotency WHERE principal = ? AND route = ? AND key = ?", [key.principal, key.route, key.key])
        {
            guard row[0] as String == key.bodyHash else {
                throw StoreError.conflict("the idempotency key \(key.key) was used before, with another body: use a new key")
            }
            let answer = try JSONText.decode(Answer.self, row[1])
            return ForceReceipt(buildset: answer.buildset, request: answer.request, chain: answer.chain, created: false)
        }
        let receipt = try body()
        try run(
            "INSERT INTO idempotency (principal, route, key, body_hash, answer, created) VALUES (?, ?, ?, ?, ?, ?)",
            [
                key.principal, key.route, key.key, key.bodyHash,
                try JSONText.encode(Answer(buildset: receipt.buildset, request: receipt.request, chain: receipt.chain)), now.microseconds,
            ])
        return receipt
    }
}
