/// One instruction of a compiled pattern. Numbers are places in the program, or among its sets.
enum PatternInstruction {
    /// Reads this scalar.
    case scalar(UInt32)
    /// Reads a scalar of this set.
    case set(Int32)
    /// Goes on in both places at once.
    case split(Int32, Int32)
    case jump(Int32)
    /// Goes on if this holds here.
    case assertion(PatternAssertion)
    case match
}
