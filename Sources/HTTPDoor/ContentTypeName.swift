/// The media type that a `Content-Type` value names.
enum ContentTypeName {
    /// Without parameters, in lower case.
    static func of(_ value: String) -> String {
        value.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
    }
}
