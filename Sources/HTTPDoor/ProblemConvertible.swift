import Wire

/// An error of a lower module that knows how it reads over HTTP.
public protocol ProblemConvertible: Error {
    var problem: Problem { get }
}
