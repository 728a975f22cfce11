/// A pattern as a tree, as it was read.
indirect enum PatternNode {
    case scalar(UInt32)
    case set(ScalarSet)
    case assertion(PatternAssertion)
    /// An empty one matches the empty text.
    case sequence([PatternNode])
    case choice([PatternNode])
    /// - Parameters:
    ///   - most: nil: any number.
    ///   - place: where the quantifier stands, in scalars.
    case repetition(PatternNode, least: Int, most: Int?, place: Int)
}
