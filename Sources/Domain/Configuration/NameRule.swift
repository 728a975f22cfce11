/// What a name (of a project, source, scheduler, builder, step, worker) may look like: it stands in URLs, file names, routing keys and commands.
public enum NameRule {
    public static let longest = 100
    /// For messages: what is allowed.
    public static let expectation =
        "1 to \(longest) bytes without \"/\", control characters or spaces at the ends, not \".\" or \"..\", not beginning with \"-\""

    public static func allows(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= longest, name != ".", name != "..", !name.hasPrefix("-") else { return false }
        guard name.first != " ", name.last != " " else { return false }
        return name.unicodeScalars.allSatisfy { scalar in
            scalar != "/" && scalar != "\\" && scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format
                && scalar.properties.generalCategory != .lineSeparator && scalar.properties.generalCategory != .paragraphSeparator
        }
    }
}
