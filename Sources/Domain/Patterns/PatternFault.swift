/// What the parser or the compiler could not take, before its place is told in characters.
struct PatternFault: Error {
    /// In Unicode scalars from the start of the pattern.
    let place: Int
    let reason: PatternError.Reason

    init(_ reason: PatternError.Reason, at place: Int) {
        self.place = place
        self.reason = reason
    }
}
