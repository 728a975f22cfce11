import Synchronization

/// What may not show in the logs of one build: every secret that any of its steps was given so far, for a step may print what an earlier one left behind.
final class BuildMasks: Sendable {
    private struct State {
        var forms: Set<[UInt8]> = []
        var machine: SecretMachine?
    }

    private let state = Mutex(State())

    func add(_ secrets: [[UInt8]]) {
        let forms = secrets.reduce(into: Set<[UInt8]>()) { $0.formUnion(SecretForms.all(of: $1)) }
        state.withLock { state in
            guard !forms.isSubset(of: state.forms) else { return }
            state.forms.formUnion(forms)
            state.machine = SecretMachine(state.forms)
        }
    }

    /// The way to `output` past the masks.
    func output(to output: @escaping CommandThread.Output) -> RedactedOutput {
        RedactedOutput(state.withLock { $0.machine }.map { Redactor($0) }, output: output)
    }
}
