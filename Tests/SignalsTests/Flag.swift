/// Raised once; a test waits for it or looks.
final class Flag: Sendable {
    private let state = Watched(false)

    var isRaised: Bool { state.value }

    func raise() { state.change { $0 = true } }

    func wait() async { await state.wait { $0 } }
}
