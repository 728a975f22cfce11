/// A combiner's process answered another number of submissions than it was given, so no answer can be told to anybody.
public struct CombinerMismatch: Error, Hashable, Sendable, CustomStringConvertible {
    public var what: String
    public var given: Int
    public var answered: Int

    public var description: String { "\(given) \(what) were handed over and \(answered) answered: what became of them is not known" }
}
