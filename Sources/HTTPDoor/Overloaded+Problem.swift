import Signals
import Wire

extension Overloaded: ProblemConvertible {
    public var problem: Problem { .unavailable(description) }
}
