/// Too much waits already; the submission was not taken and may be repeated later.
public struct Overloaded: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the submissions are.
    public var what: String
    /// How many wait.
    public var waiting: Int

    public init(what: String, waiting: Int) {
        self.what = what
        self.waiting = waiting
    }

    public var description: String { "\(waiting) \(what) wait already: try again later" }
}
