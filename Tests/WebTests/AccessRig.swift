import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Storage
import StorageSQLite
import StoreConformance
import Testing
import Wire

@testable import Web

/// A web service that asks for tokens, with a change, a buildset, a request, a build and a log in each of two projects.
struct AccessRig: Sendable {
    struct Found: Sendable {
        var change: ChangeID
        var made: ForceReceipt
        var build: BuildID
    }

    let rig: WebRig
    /// That of the configuration.
    let demo: Found
    let other: Found

    static func with(anonymous: Bool = false, _ test: @Sendable @escaping (AccessRig) async throws -> Void) async throws {
        try await WebRig.with(access: .tokens(anonymousReads: anonymous)) { rig in
            let worker = try await WorkerDouble(rig.store)
            func found(_ project: String) async throws -> Found {
                var change = Samples.change("of-\(project)", key: project)
                change.project = project
                let receipt = try #require(try await rig.store.accept([change], advancing: nil).first)
                var force = Samples.force(branch: "branch-of-\(project)")
                force.project = project
                let made = try await rig.store.force(force, idempotency: nil)
                let build = try #require(try await worker.claim(1, holding: []).first { $0.request == made.request })
                try await worker.accept([build])
                _ = try await worker.append(build, at: 0, Array("log of \(project)\n".utf8))
                return Found(change: receipt.id, made: made, build: build.build)
            }
            try await test(AccessRig(rig: rig, demo: try await found("demo"), other: try await found("other")))
        }
    }

    func token(_ role: AccessRole, projects: [String]? = nil, name: String? = nil, expires: Timestamp? = nil) async throws -> String {
        let grant = TokenGrant(name: name ?? role.rawValue, role: role, projects: projects, workers: role == .worker ? "w*" : nil, expires: expires)
        let token = try await rig.store.makeToken(grant, by: .everyone).token
        try await rig.service.tellOfAccess()
        return token
    }

    func call(
        _ method: HTTPRequest.Method = .get, _ path: String, token: String? = nil, headers: HTTPFields = [:], body: String? = nil
    ) async throws -> TestResponse {
        var headers = headers
        if let token { headers[.authorization] = "Bearer \(token)" }
        if body != nil { headers[.contentType] = "application/json" }
        return try await rig.client.executeRequest(uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
    }

    func post(_ path: String, token: String? = nil, _ body: String = "{}", headers: HTTPFields = [:]) async throws -> TestResponse {
        try await call(.post, path, token: token, headers: headers, body: body)
    }

    func document(_ path: String, token: String) async throws -> JSONValue {
        let response = try await call(path, token: token)
        #expect(response.status == .ok, "\(path)")
        return try WebRig.object(response)
    }

    func call(_ path: String, token: String?) async throws -> TestResponse { try await call(.get, path, token: token) }

    static func code(_ response: TestResponse) -> String? {
        (try? JSONDecoder().decode(Problem.self, from: Data(buffer: response.body)))?.type.split(separator: ":").last.map(String.init)
    }
}
