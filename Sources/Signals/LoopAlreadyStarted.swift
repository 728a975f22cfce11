/// A loop was started a second time, which would let two of its passes overlap.
struct LoopAlreadyStarted: Error, CustomStringConvertible {
    var loop: String

    var description: String { "the loop \(loop) was started before: make a new one to start it again" }
}
