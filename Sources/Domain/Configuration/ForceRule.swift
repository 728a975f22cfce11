/// What people may say when they have a builder build by hand, and what they must say.
public struct ForceRule: Hashable, Sendable, Codable {
    public enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
        case optional, required
    }

    public var parameters: [ForceParameter]
    public var reason: Reason

    public init(parameters: [ForceParameter] = [], reason: Reason = .optional) {
        self.parameters = parameters
        self.reason = reason
    }

    /// The properties of the build: what was given, in its kind, and the defaults of the rest.
    ///
    /// - Returns: also what is wrong with them, by the field of the request; the properties count only when that is empty.
    public func properties(from given: [String: JSONValue]) -> (properties: [String: JSONValue], problems: [FieldProblem]) {
        var properties: [String: JSONValue] = [:]
        var problems: [FieldProblem] = []
        for parameter in parameters {
            let field = "/properties/\(parameter.name)"
            if let value = given[parameter.name] {
                if let read = parameter.value(of: value) {
                    properties[parameter.name] = read
                } else {
                    problems.append(FieldProblem(field, "expected \(parameter.expectation)"))
                }
            } else if let value = parameter.default {
                properties[parameter.name] = value
            } else if parameter.required {
                problems.append(FieldProblem(field, "is missing: expected \(parameter.expectation)"))
            }
        }
        let known = parameters.map(\.name)
        for name in given.keys.sorted() where !known.contains(name) {
            // A name that is none may hold anything, also what a pointer would have to escape.
            let isName = NewChange.isPropertyName(name)
            let nearest = NearestWord.to(name, among: known).map { "; did you mean \($0)?" } ?? ""
            let all = known.isEmpty ? "this builder takes none" : "expected one of \(known.joined(separator: ", "))"
            problems.append(FieldProblem(isName ? "/properties/\(name)" : "/properties", "is no parameter: \(all)\(nearest)"))
            if problems.count > 20 { break }
        }
        return (properties, problems)
    }
}
