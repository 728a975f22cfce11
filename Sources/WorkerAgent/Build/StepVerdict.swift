import Domain
import Foundation

/// What the end of a step's command means.
enum StepVerdict {
    static func judge(_ result: CommandResult, step: StepRecipe, number: Int, attempt: Int) -> StepEnd {
        var end = StepEnd(
            number: number, attempt: attempt, outcome: .failure, durationMilliseconds: max(0, result.duration.microseconds / 1000))
        switch result.ending {
        case .exited(let status): end.exitStatus = status
        case .signalled(let signal): end.signal = signal
        default: break
        }
        if let interruption = result.interruption {
            explain(interruption, step: step, &end)
        } else {
            explain(result.ending, step: step, &end)
        }
        if end.outcome == .failure, step.warningsOnly { end.outcome = .warnings }
        return end
    }

    /// A step that was found to be wrong before anything ran.
    static func invalid(_ problem: String, step: StepRecipe, number: Int, attempt: Int) -> StepEnd {
        StepEnd(
            number: number, attempt: attempt, outcome: step.warningsOnly ? .warnings : .failure, cause: .invalidStep, durationMilliseconds: 0,
            text: problem)
    }

    private static func explain(_ interruption: Interruption, step: StepRecipe, _ end: inout StepEnd) {
        switch interruption {
        case .timeout:
            (end.cause, end.text) = (.timeout, "ended after its timeout of \((step.timeout ?? StepRecipe.defaultTimeout).forPeople)")
        case .idleTimeout:
            (end.cause, end.text) = (.idleTimeout, "ended after printing nothing for \((step.idleTimeout ?? .zero).forPeople)")
        case .asked: (end.outcome, end.cause, end.text) = (.cancelled, .cancelled, "ended with its build")
        case .outputRefused(ENOSPC), .outputRefused(EDQUOT):
            (end.outcome, end.cause) = (.exception, .diskFull)
            end.text = "ended because the worker has no disk space left for its output; free some in the worker's data directory"
        case .outputRefused(let number):
            (end.outcome, end.cause, end.text) = (.exception, .internalError, "ended because its output could not be kept: \(errorText(number))")
        }
    }

    private static func explain(_ ending: CommandResult.Ending, step: StepRecipe, _ end: inout StepEnd) {
        switch ending {
        case .exited(0): (end.outcome, end.text) = (.success, "")
        case .exited(let status): (end.cause, end.text) = (.exitStatus, "exit status \(status)")
        case .signalled(let signal): (end.cause, end.text) = (.signal, "ended by signal \(signal) (\(String(cString: strsignal(signal))))")
        case .noDirectory(let number):
            (end.cause, end.text) = (.invalidStep, "the directory “\(step.directory)” cannot be entered: \(errorText(number))")
        case .noProgram(let number): (end.cause, end.text) = (.invalidStep, "the program cannot be started: \(errorText(number))")
        case .noProcess(let number):
            (end.outcome, end.cause, end.text) = (.exception, .internalError, "the worker could not start a process: \(errorText(number))")
        case .guardLost:
            (end.outcome, end.cause, end.text) = (.exception, .internalError, "the process that guards the step was killed from outside")
        }
    }

    static func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }
}

extension Duration {
    /// `1h 5m`, `90s`, `250ms`: short, for a sentence.
    var forPeople: String {
        let milliseconds = microseconds / 1000
        if milliseconds < 1000 || milliseconds % 1000 != 0 { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1000
        if seconds < 120 { return "\(seconds)s" }
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
        return parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined(separator: " ")
    }
}
