import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@testable import Intake

@Suite(.timeLimit(.minutes(10))) struct CredentialTests {
    private static let secret = "s3cret-\(UUID().uuidString)"

    /// What a server saw of one request.
    private struct Sight: Sendable {
        var authorization: String?
        /// The secret stood in some command line at that moment.
        var isInProcessList: Bool
    }

    /// A git server that asks for a password and then has nothing.
    private func server(_ sights: Watched<[Sight]>) -> Application<RouterResponder<BasicRequestContext>> {
        let router = Router()
        router.get("**") { request, _ -> Response in
            let authorization = request.headers[.authorization]
            let seen = CommandLines.all().values.contains { $0.contains(Self.secret) }
            sights.change { $0.append(Sight(authorization: authorization, isInProcessList: seen)) }
            guard authorization != nil else { return Response(status: .unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"git\""]) }
            return Response(status: .notFound)
        }
        return Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
    }

    @Test("The secret reaches the server, and no command line, log, health message or change holds it", arguments: ["", "ada:"])
    func credential(user: String) async throws {
        let rig = try await PollRig()
        let file = rig.directory.file("token")
        try "\(user)\(Self.secret)\nsecond line\n".write(toFile: file, atomically: true, encoding: .utf8)
        let sights = Watched<[Sight]>([])
        try await server(sights).test(.live) { client in
            let port = try #require(client.port)
            let outcome = await rig.start(rig.source("http://127.0.0.1:\(port)/demo.git", credential: .file(file))).run()
            #expect(outcome.problem?.contains(Self.secret) == false)
        }
        let expected = "Basic " + Data("\(user.isEmpty ? "token:" : user)\(Self.secret)".utf8).base64EncodedString()
        #expect(sights.value.compactMap(\.authorization).allSatisfy { $0 == expected })
        #expect(sights.value.contains { $0.authorization == expected })
        #expect(sights.value.allSatisfy { !$0.isInProcessList })
        #expect(try await rig.health()?.message?.contains(Self.secret) == false)
        #expect(!rig.log.lines.value.contains { "\($0.metadata)".contains(Self.secret) })
    }

    @Test("A server that sends git on to another one does not get that one the secret")
    func redirected() async throws {
        let rig = try await PollRig()
        let file = rig.directory.file("token")
        try Self.secret.write(toFile: file, atomically: true, encoding: .utf8)
        let sights = Watched<[Sight]>([])
        try await server(sights).test(.live) { thief in
            let port = try #require(thief.port)
            let router = Router()
            router.get("**") { request, _ in
                Response(status: .found, headers: [.location: "http://127.0.0.1:\(port)\(request.uri.string)"])
            }
            let honest = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
            try await honest.test(.live) { client in
                let outcome = await rig.start(
                    rig.source("http://127.0.0.1:\(try #require(client.port))/demo.git", credential: .file(file))
                ).run()
                #expect(outcome.problem != nil)
            }
        }
        #expect(!sights.value.isEmpty)
        #expect(sights.value.allSatisfy { $0.authorization == nil })
    }

    @Test(
        "A credential that is not there is no reason to stop: the remote's complaint is told",
        arguments: [
            CredentialReference.file("/nowhere/token"), .environment("DOORBELL_TEST_NO_SUCH_VARIABLE"),
        ])
    func missing(reference: CredentialReference) async throws {
        let rig = try await PollRig()
        let sights = Watched<[Sight]>([])
        try await server(sights).test(.live) { client in
            let port = try #require(client.port)
            let outcome = await rig.start(rig.source("http://127.0.0.1:\(port)/demo.git", credential: reference)).run()
            #expect(outcome.problem != nil)
        }
        #expect(sights.value.allSatisfy { $0.authorization == nil })
    }
}
