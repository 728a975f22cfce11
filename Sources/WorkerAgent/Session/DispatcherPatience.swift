import Domain
import Foundation

/// Asks dispatchers for what a step needs, until one answers, the step's time is over, or the end of its build is asked for.
struct DispatcherPatience: Sendable {
    enum Fault: Error {
        case late
        case interrupted
        /// No dispatcher will ever give it.
        case refused(String)

        var outcome: Outcome {
            switch self {
            case .late: .failure
            case .interrupted: .cancelled
            case .refused: .exception
            }
        }

        /// Nil: that of what was asked for.
        var cause: Cause? {
            switch self {
            case .late: .timeout
            case .interrupted: .cancelled
            case .refused: nil
            }
        }

        func text(_ what: String) -> String {
            switch self {
            case .late: "ended after its timeout, waiting for \(what)"
            case .interrupted: "ended with its build"
            case .refused(let reason): "the dispatcher does not give the step \(what): \(reason)"
            }
        }
    }

    let build: HeldBuild
    let acknowledged: HeldBuild.End?
    let deadline: ContinuousClock.Instant

    func ask<Answer: Sendable>(_ call: @Sendable () async throws(DispatcherError) -> Answer) async throws(Fault) -> Answer {
        let (control, interrupted) = (CommandControl(), Gate())
        control.whenInterrupted { interrupted.open() }
        build.begin(control, inSpiteOf: acknowledged)
        defer { build.done() }
        var backoff = Backoff()
        while !interrupted.isOpen, .now < deadline, !Task.isCancelled {
            do {
                return try await call()
            } catch .unavailable {
                // It, or another, will answer.
            } catch .sessionOver(404, _) {
                // One of an older version, which knows no such call: another may.
            } catch .sessionOver(_, let reason) {
                build.finishEarly(.forgotten(reason))
                throw .interrupted
            } catch {
                throw .refused("\(error)")
            }
            let pause = min(backoff.next(random: .random(in: 0..<1)), deadline - .now)
            _ = await FirstOf.wait({ try? await Task.sleep(for: pause) }, { await interrupted.wait() })
        }
        throw interrupted.isOpen || Task.isCancelled ? .interrupted : .late
    }
}
