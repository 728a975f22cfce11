/// Fills properties into the texts of one step (or of a builder), and keeps the variables that its shell text came to need.
struct RecipeFiller {
    let step: String?
    let properties: Properties
    private(set) var variables: [String: String] = [:]
    private var variableNames: [String: String] = [:]

    init(step: String?, properties: Properties) {
        self.step = step
        self.properties = properties
    }

    func fill(_ text: String, field: String) throws(InterpolationError) -> String {
        var filled = ""
        for part in try parts(of: text, field: field) {
            switch part {
            case .literal(let literal): filled += literal
            case .property(let name): filled += try value(of: name, field: field)
            }
        }
        return filled
    }

    func fill(environment: [String: String]) throws(InterpolationError) -> [String: String] {
        var filled: [String: String] = [:]
        for (name, text) in environment { filled[name] = try fill(text, field: "env \(name)") }
        return filled
    }

    func fill(directory: String, field: String) throws(InterpolationError) -> String {
        let path = try fill(directory, field: field)
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else { throw failure(field, .leavesDirectory(path)) }
        return path
    }

    mutating func fill(shell text: String) throws(InterpolationError) -> String {
        var filled = ""
        for part in try parts(of: text, field: "run") {
            switch part {
            case .literal(let literal): filled += literal
            case .property(let name): filled += "${\(try variable(for: name))}"
            }
        }
        return filled
    }

    /// The environment variable that carries the property; names that a shell could not spell are respelled, without two sharing one.
    private mutating func variable(for name: String) throws(InterpolationError) -> String {
        if let known = variableNames[name] { return known }
        let value = try value(of: name, field: "run")
        let spelled = Interpolation.variablePrefix + String(name.map { "-.".contains($0) ? "_" : $0 })
        var variable = spelled
        var number = 2
        while variables[variable] != nil {
            variable = "\(spelled)_\(number)"
            number += 1
        }
        variables[variable] = value
        variableNames[name] = variable
        return variable
    }

    private func parts(of text: String, field: String) throws(InterpolationError) -> [Interpolation.Part] {
        do {
            return try Interpolation.parts(of: text)
        } catch {
            throw failure(field, .malformed(error.found))
        }
    }

    private func value(of name: String, field: String) throws(InterpolationError) -> String {
        guard let property = properties[name] else {
            throw failure(field, .unknown(name: name, nearest: NearestWord.to(name, among: properties.keys)))
        }
        guard let text = property.value.interpolated else { throw failure(field, .notText(name: name)) }
        guard text.utf8.count <= Interpolation.longestValue, !text.utf8.contains(0) else { throw failure(field, .unusable(name: name)) }
        return text
    }

    private func failure(_ field: String, _ reason: InterpolationError.Reason) -> InterpolationError {
        InterpolationError(step: step, field: field, reason: reason)
    }
}
