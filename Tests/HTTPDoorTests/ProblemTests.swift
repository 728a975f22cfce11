import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import Wire

@testable import HTTPDoor

@Suite struct ProblemTests {
    @Test(
        "Each error of the store has its status",
        arguments: [("unavailable", 503), ("conflict", 409), ("missing", 404), ("newer", 500), ("secret", 500)])
    func statuses(kind: String, status: Int) async throws {
        try await Door.with { client in
            let response = try await client.executeRequest(uri: "/errors/\(kind)", method: .get, headers: [:], body: nil)
            #expect(response.status.code == status)
            #expect(try Door.problem(response).status == status)
            #expect((response.headers[.retryAfter] != nil) == (status == 503))
        }
    }

    @Test("An error of ours says nothing of paths or causes", arguments: ["unavailable", "secret"])
    func noLeak(kind: String) async throws {
        try await Door.with { client in
            let response = try await client.executeRequest(uri: "/errors/\(kind)", method: .get, headers: [:], body: nil)
            #expect(!String(buffer: response.body).contains("/srv"))
        }
    }

    @Test("A route that does not exist is a problem document, with the security headers of every answer")
    func unknownRoute() async throws {
        try await Door.with { client in
            let response = try await client.executeRequest(uri: "/nothing", method: .get, headers: [:], body: nil)
            #expect(try Door.problem(response).detail == "there is nothing at GET /nothing")
            #expect(response.headers[try #require(HTTPField.Name("X-Content-Type-Options"))] == "nosniff")
            #expect(response.headers[.contentSecurityPolicy] != nil)
        }
    }

    @Test(
        "A wrong query parameter or id is named",
        arguments: [
            ("/notes/7?limit=0", 400, "limit: expected a whole number from 1 to 200"),
            ("/notes/7?limit=201", 400, "limit: expected a whole number from 1 to 200"),
            ("/notes/7?limit=9999999999999999999", 400, "limit: expected a whole number from 1 to 200"),
            ("/notes/7?phase=done", 400, "phase: expected one of assigned, running, finished"),
            ("/notes/7?build=-1", 400, "build: expected the number of one, such as 17"),
            ("/notes/7?follow=perhaps", 400, "follow: expected 1 or 0"),
            ("/notes/7?lmit=3", 400, "lmit: unknown; known here are build, follow, limit, phase"),
            ("/notes/7?limit=3&limit=4", 400, "limit: given twice"),
            ("/notes/..%2f", 404, "id: expected the number of one, such as 17"),
        ])
    func parameters(uri: String, status: Int, detail: String) async throws {
        try await Door.with { client in
            let response = try await client.executeRequest(uri: uri, method: .get, headers: [:], body: nil)
            #expect(response.status.code == status)
            #expect(try Door.problem(response).detail == detail)
        }
    }

    @Test("Good query parameters are read")
    func goodParameters() async throws {
        try await Door.with { client in
            let response = try await client.executeRequest(
                uri: "/notes/7?limit=3&phase=running&follow=1&build=9", method: .get, headers: [:], body: nil)
            let answer = try JSONDecoder().decode([String: String].self, from: Data(buffer: response.body))
            #expect(answer == ["id": "7", "limit": "3", "phase": "running", "follow": "true", "build": "9"])
        }
    }

    @Test("An idempotency key is printable and bounded")
    func idempotency() async throws {
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        try await Door.with { client in
            for (key, status) in [("abc-1", 200), (String(repeating: "k", count: 201), 400), ("a b", 400), ("é", 400)] {
                let response = try await client.executeRequest(uri: "/keys", method: .put, headers: [name: key], body: nil)
                #expect(response.status.code == status, "\(key)")
            }
        }
    }

    @Test("Secrets are equal only when every byte is")
    func constantTime() {
        #expect(ConstantTime.isEqual("abc", "abc"))
        #expect(!ConstantTime.isEqual("abc", "abd"))
        #expect(!ConstantTime.isEqual("abc", "abcd"))
        #expect(ConstantTime.isEqual("", ""))
    }
}
