/// A call that is not taken, and what the forge's people should do.
enum HookRefusal: Error, Hashable, Sendable {
    /// The signature or the token is absent or wrong.
    case unsigned(String)
    /// It is no call of this forge, or lacks what its kind has.
    case invalid(String)
}
