import Domain
import Foundation

extension APIClient {
    /// One page or document, printed as JSON or handed to `print`.
    func show(_ path: String, query: [(String, String?)] = [], json: Bool, print show: (Document) throws -> String) async throws {
        let data = try await get(path, query: query)
        StandardOutput.write(json ? String(decoding: data, as: UTF8.self) + "\n" : try show(Document(data)))
    }

    /// Asks for something to happen and prints the answer as JSON or as a sentence.
    func ask(
        _ path: String, body: some Encodable, idempotencyKey: String? = nil, json: Bool, print show: (Document) throws -> String
    ) async throws {
        let answer = try await post(path, body: body, idempotencyKey: idempotencyKey)
        StandardOutput.write(json ? String(decoding: answer.body, as: UTF8.self) + "\n" : try show(Document(answer.body)))
    }
}
