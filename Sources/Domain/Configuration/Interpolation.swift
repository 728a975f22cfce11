/// Texts with `${name}` in them, taken apart: `$${` stands for a literal `${`, every other `$` for itself.
public enum Interpolation {
    public enum Part: Hashable, Sendable {
        case literal(String)
        case property(String)
    }

    /// A process can be given at most 128 KiB in one argument or variable (Linux, MAX_ARG_STRLEN); half of that leaves room for the text around.
    public static let longestValue = 65_536
    /// In a shell text the value of `${name}` is the value of a variable whose name begins like this.
    public static let variablePrefix = "DOORBELL_PROPERTY_"

    /// Takes a text apart; a `${` that no property name and `}` follow is refused.
    public static func parts(of text: String) throws(MalformedReference) -> [Part] {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                let end = rest.firstIndex(of: "}")
                let name = rest.dropFirst(2).prefix { isNameCharacter($0) }
                guard let end, name.endIndex == end, !name.isEmpty else {
                    throw MalformedReference(found: String(rest.prefix(40).prefix { !$0.isNewline }))
                }
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                parts.append(.property(String(name)))
                rest = rest[rest.index(after: end)...]
            } else {
                literal += "$"
                rest = rest.dropFirst()
            }
        }
        literal += rest
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    public struct MalformedReference: Error, Hashable, Sendable {
        public var found: String
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "_-.".contains(character))
    }
}

extension StepRecipe {
    /// The recipe with every `${name}` filled in, ready to be run.
    ///
    /// Values come from outside (anybody may name a branch), so a shell text never contains them: `${branch}` becomes
    /// `${DOORBELL_PROPERTY_branch}`, and the value is handed over in that environment variable, where the shell does not execute it whatever it holds
    /// and however it is quoted. Arguments, environment values and directories take the value as it is.
    public func interpolated(with properties: Properties) throws(InterpolationError) -> StepRecipe {
        var step = self
        var filler = RecipeFiller(step: name, properties: properties)
        step.environment = try filler.fill(environment: environment)
        step.directory = try filler.fill(directory: directory, field: "directory")
        switch action {
        case .run(.shell(let text)):
            step.action = .run(.shell(try filler.fill(shell: text)))
            step.environment.merge(filler.variables) { _, new in new }
        case .run(.arguments(let words)):
            var filled: [String] = []
            for word in words { filled.append(try filler.fill(word, field: "run")) }
            step.action = .run(.arguments(filled))
        case .checkout(var checkout):
            checkout.directory = try filler.fill(directory: checkout.directory, field: "checkout directory")
            step.action = .checkout(checkout)
        case .trigger(var trigger):
            for (name, value) in trigger.properties {
                if case .string(let text) = value { trigger.properties[name] = .string(try filler.fill(text, field: "trigger \(name)")) }
            }
            step.action = .trigger(trigger)
        }
        return step
    }
}

extension Builder {
    /// The builder with every `${name}` of its environment and its steps filled in.
    public func interpolated(with properties: Properties) throws(InterpolationError) -> Builder {
        var builder = self
        builder.environment = try RecipeFiller(step: nil, properties: properties).fill(environment: environment)
        builder.steps = []
        for step in steps { builder.steps.append(try step.interpolated(with: properties)) }
        return builder
    }
}
