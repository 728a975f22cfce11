import Domain
import Foundation
import HTTPDoor
import HTTPTypes
import Hummingbird
import Storage
import Wire

extension StepRequest: StrictDocument {}

extension DispatchService {
    /// `POST builds/{build}/secrets`: a worker is about to run a step that asks for secrets. They are read at this moment, and kept nowhere.
    func secrets(_ request: Request, _ context: DoorContext) async throws -> Response {
        let call = try await stepCall(request, context)
        registry.callBegins(call.session)
        defer { registry.callEnds(call.session, now: clock.now) }
        switch try await watch.watching({ [store] in try await store.secrets(for: call) }) {
        case .notFound: throw Problem.conflict("this session has no such build")
        case .stale(let detail): throw Problem.conflict(detail)
        case .invalid(let detail): throw Problem.invalidField("/step", detail)
        case .decided(.refused(let text)): return try answer(SecretsAnswer(outcome: .exception, text: text))
        case .decided(.given(let secrets)): return try answer(await read(secrets, for: call))
        }
    }

    private func read(_ secrets: [String: Secret], for call: StepCall) async -> SecretsAnswer {
        var values: [String: String] = [:]
        for (variable, secret) in secrets.sorted(by: { $0.key < $1.key }) {
            do {
                values[variable] = Data(try await secretReader.read(secret)).base64EncodedString()
            } catch {
                logger.warning("a secret is not here", metadata: ["secret": "\(secret.name)", "error": "\(error)", "build": "\(call.build)"])
                return SecretsAnswer(outcome: .exception, text: "\(error)")
            }
        }
        logger.info(
            "secrets given", metadata: ["secrets": "\(Set(secrets.values.map(\.name)).sorted().joined(separator: ","))", "build": "\(call.build)"])
        return SecretsAnswer(secrets: values)
    }

    private func answer(_ answer: SecretsAnswer) throws -> Response {
        var response = try Response.json(answer)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    /// `POST builds/{build}/patch`: a worker has checked out the revision of a try.
    func patch(_ request: Request, _ context: DoorContext) async throws -> Response {
        let call = try await stepCall(request, context)
        registry.callBegins(call.session)
        defer { registry.callEnds(call.session, now: clock.now) }
        switch try await watch.watching({ [store] in try await store.patch(for: call) }) {
        case .notFound: throw Problem.conflict("this session has no such build")
        case .stale(let detail): throw Problem.conflict(detail)
        case .invalid(let detail): throw Problem.invalidField("/step", detail)
        case .gone(let detail): return try Response.json(PatchAnswer(outcome: .exception, text: detail))
        case .patch(let bytes): return try Response.json(PatchAnswer(patch: Data(bytes).base64EncodedString()))
        }
    }

    /// What a worker asks for on behalf of a step, once it has proved who it is.
    private func stepCall(_ request: Request, _ context: DoorContext) async throws -> StepCall {
        let asked = try await request.json(StepRequest.self, limit: WorkerProtocol.bodyLimit).document
        let session = try await authenticate(asked.session, request)
        guard (1...100_000).contains(asked.step), (1...100_000).contains(asked.attempt), asked.fence.rawValue > 0 else {
            throw Problem.invalidField("/step", "step, attempt and fence count from 1")
        }
        return StepCall(build: try context.id("build"), session: session.id, fence: asked.fence, step: asked.step, attempt: asked.attempt)
    }
}
