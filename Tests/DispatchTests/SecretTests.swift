import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Storage
import StoreConformance
import TestSupport
import Testing
import Wire

@testable import BuildDispatch

@Suite(.timeLimit(.minutes(10))) struct SecretTests {
    private let directory = TemporaryDirectory()

    private func with(
        _ place: CredentialReference, _ test: @Sendable @escaping (DispatchRig, WireWorker, AssignmentDocument) async throws -> Void
    ) async throws {
        try await DispatchRig.with { rig in
            var configuration = Samples.configuration()
            configuration.builders[0].steps[0].secrets = ["TOKEN": SecretUse("token")]
            configuration.secrets = [Secret(name: "token", place: place)]
            _ = try await rig.store.apply(configuration, digest: Samples.digest(2))
            let worker = try await rig.worker()
            try await rig.force()
            let build = try await worker.take()
            _ = try await worker.report([build.report(.accept)])
            try await test(rig, worker, build)
        }
    }

    private func ask(_ rig: DispatchRig, _ worker: WireWorker, _ build: AssignmentDocument, fence: Int64? = nil, step: Int = 1) async throws
        -> TestResponse
    {
        let request = StepRequest(session: worker.session, fence: fence.map { Fence($0) } ?? build.fence, step: step, attempt: 1)
        return try await rig.call(.post, "builds/\(build.build)/secrets", body: ByteBuffer(bytes: JSONEncoder().encode(request)))
    }

    @Test("The worker of a build gets what its step names, read anew each time, to be kept nowhere; its assignment says the names only")
    func given() async throws {
        let path = directory.file("token")
        try "first-value".write(toFile: path, atomically: true, encoding: .utf8)
        try await with(.file(path)) { rig, worker, build in
            #expect(build.steps[0].secrets == ["TOKEN": SecretUse("token")])
            #expect(!String(decoding: try JSONEncoder().encode(build), as: UTF8.self).contains("first"))
            let response = try await ask(rig, worker, build)
            #expect(response.headers[.cacheControl] == "no-store")
            let first = try DispatchRig.decode(SecretsAnswer.self, response)
            #expect(first == SecretsAnswer(secrets: ["TOKEN": Data("first-value".utf8).base64EncodedString()]))
            try "second-value".write(toFile: path, atomically: true, encoding: .utf8)
            let second = try DispatchRig.decode(SecretsAnswer.self, try await ask(rig, worker, build))
            #expect(second.secrets?["TOKEN"] == Data("second-value".utf8).base64EncodedString())
            #expect(try await ask(rig, worker, build, fence: build.fence.rawValue + 1).status == .conflict)
            #expect(try await ask(rig, worker, build, step: 2).status == .unprocessableContent)
            let request = StepRequest(session: worker.session, fence: build.fence, step: 1, attempt: 1)
            let body = ByteBuffer(bytes: try JSONEncoder().encode(request))
            #expect(
                try await rig.call(.post, "builds/\(build.build)/secrets", secret: String(repeating: "x", count: 32), body: body).status
                    == .unauthorized
            )
        }
    }

    @Test("A secret that is not there, is no file, is too long or too short ends the step, which names it and not what is there")
    func missing() async throws {
        let path = directory.file("token")
        try await with(.file(path)) { rig, worker, build in
            func text() async throws -> String {
                let answer = try DispatchRig.decode(SecretsAnswer.self, try await ask(rig, worker, build))
                #expect(answer.outcome == .exception && answer.secrets == nil)
                return answer.text
            }
            #expect(try await text() == "the secret token is not there: \(path) cannot be read (No such file or directory)")
            try "abc\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try await text() == "the secret token is shorter than 4 bytes, and could not be kept out of logs")
            try String(repeating: "x", count: 65_537).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try await text() == "the secret token is longer than 65536 bytes")
            try FileManager.default.removeItem(atPath: path)
            #expect(mkfifo(path, 0o600) == 0)
            #expect(try await text() == "the secret token is not there: \(path) is no file")
        }
        try await with(.environment("DOORBELL_SECRET_NO_SUCH_VARIABLE")) { rig, worker, build in
            let answer = try DispatchRig.decode(SecretsAnswer.self, try await ask(rig, worker, build))
            #expect(answer.text == "the secret token is not there: there is no variable DOORBELL_SECRET_NO_SUCH_VARIABLE")
        }
    }

    private func text(_ place: CredentialReference, within directory: String? = nil) throws -> String {
        do {
            return String(decoding: try SecretPlace.read(Secret(name: "token", place: place), within: directory), as: UTF8.self)
        } catch {
            return error.description
        }
    }

    @Test("No variable of Doorbell's own is given, and no file that the kernel makes up, by whatever link")
    func never() throws {
        #expect(try text(.environment("DOORBELL_DATABASE_URL")).contains("only variables named DOORBELL_SECRET_… are"))
        let link = directory.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/proc/self/environ")
        for path in ["/proc/self/environ", "/proc/../proc/self/cmdline", "/sys/kernel/mm/transparent_hugepage/enabled", "/dev/null", link] {
            let text = try text(.file(path))
            #expect(text.hasSuffix("is no file on a disk") || path.hasPrefix("/sys") && text.contains("cannot be read"), "\(text)")
        }
    }

    @Test("With a directory for secrets only files beneath it are given, and variables that are there for it")
    func bound() throws {
        let inside = directory.file("secrets")
        try FileManager.default.createDirectory(atPath: inside, withIntermediateDirectories: false)
        try FileManager.default.createDirectory(atPath: inside + "-too", withIntermediateDirectories: false)
        for path in [inside + "/token", inside + "-too/token"] { try "a-secret".write(toFile: path, atomically: true, encoding: .utf8) }
        try FileManager.default.createSymbolicLink(atPath: inside + "/link", withDestinationPath: inside + "-too/token")
        try FileManager.default.createSymbolicLink(atPath: inside + "/beside", withDestinationPath: "token")
        #expect(try text(.file(inside + "/token"), within: inside) == "a-secret")
        #expect(try text(.file(inside + "/beside"), within: inside + "/") == "a-secret")
        for path in [inside + "-too/token", inside + "/link", inside + "/../secrets-too/token"] {
            #expect(try text(.file(path)) == "a-secret")
            #expect(try text(.file(path), within: inside) == "the secret token is not given: \(path) is not beneath DOORBELL_SECRETS_DIR, \(inside)")
        }
        #expect(try text(.environment("PATH")) == ProcessInfo.processInfo.environment["PATH"])
        #expect(try text(.environment("PATH"), within: inside).contains("and not PATH"))
    }
}
