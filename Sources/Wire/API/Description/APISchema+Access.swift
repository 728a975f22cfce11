import Domain

// Who may do what, and who did.
extension APISchema {
    private static let projects: [String: JSONValue] = ["type": "array", "items": .object(SchemaValue.text(1...200)), "maxItems": 1000]

    static let tokenBody = APISchema(
        "TokenBody", "A token to be made.",
        [
            .init("name", SchemaValue.name(100), "What people and the audit call whoever has it."),
            .init("role", SchemaValue.word(AccessRole.self), "What it may do."),
            .init("projects", projects, "The only projects that it reaches; all of them when not given.", isAlways: false),
            .init("workers", SchemaValue.text(1...100), "Of a worker: the name, or a pattern of names, that it may connect under.", isAlways: false),
            .init("expires", ["type": "string", "format": "date-time"], "When it ends by itself.", isAlways: false),
        ], use: .body)

    public static let token = APISchema(
        "Token", "A token, without its secret.",
        [
            .init("id", SchemaValue.id, "Its number."),
            .init("name", SchemaValue.text, "What people and the audit call whoever has it."),
            .init("role", SchemaValue.word(AccessRole.self), "What it may do."),
            .init("projects", SchemaValue.texts, "The only projects that it reaches; absent: all of them.", isAlways: false),
            .init("workers", SchemaValue.text, "Of a worker: the names that it may connect under.", isAlways: false),
            .init("created", SchemaValue.time, "When it was made."),
            .init("by", SchemaValue.text, "Who made it."),
            .init("expires", SchemaValue.time, "When it ends by itself.", isAlways: false),
            .init("revoked", SchemaValue.time, "When somebody ended it.", isAlways: false),
            .init("used", SchemaValue.time, "When it was used last, to a minute or so.", isAlways: false),
            .init("token", SchemaValue.text, "All of it, in the answer that makes it and nowhere else.", isAlways: false),
        ])

    private static let auditTarget = APISchema(
        "AuditTarget", "What something was done to.",
        [.init("kind", SchemaValue.text, "What it is, such as `request`."), .init("id", SchemaValue.text, "Its number or name.")])

    public static let auditEntry = APISchema(
        "AuditEntry", "Who changed what.",
        [
            .init("id", SchemaValue.id, "Its number."),
            .init("time", SchemaValue.time, "When."),
            .init("principal", SchemaValue.text, "Who."),
            .init("token", SchemaValue.id, "By which token; absent where none is asked for.", isAlways: false),
            .init("action", SchemaValue.text, "What was done, such as `request.cancel`."),
            .init("target", auditTarget.reference, "To what."),
            .init("project", SchemaValue.text, "The project of that.", isAlways: false),
            .init("detail", SchemaValue.text, "What else there is to say; may be empty."),
        ])

    static let accessParts = [tokenBody, auditTarget]
}
