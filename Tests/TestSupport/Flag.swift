/// Raised once; a test waits for it or looks.
public final class Flag: Sendable {
    private let state = Watched(false)

    public init() {}

    public var isRaised: Bool { state.value }

    public func raise() { state.change { $0 = true } }

    public func wait() async { await state.wait { $0 } }
}
