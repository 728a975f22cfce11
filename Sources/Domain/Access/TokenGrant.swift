/// What a token is made with: its name, and what its holder may do.
public struct TokenGrant: Hashable, Sendable, Codable {
    public var name: String
    public var role: AccessRole
    /// The only projects that it sees and steers; nil: all of them.
    public var projects: [String]?
    /// The names of the workers that may open sessions with it, as a pattern; workers only.
    public var workers: String?
    public var expires: Timestamp?

    public init(name: String, role: AccessRole, projects: [String]? = nil, workers: String? = nil, expires: Timestamp? = nil) {
        self.name = name
        self.role = role
        self.projects = projects
        self.workers = workers
        self.expires = expires
    }

    public static let mostProjects = 100

    /// What is wrong with it, by field.
    public func problems(now: Timestamp) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        if !Self.isName(name) { problems.append(FieldProblem("/name", "expected 1 to 200 bytes without control characters")) }
        if let projects {
            if projects.isEmpty || projects.count > Self.mostProjects || Set(projects).count != projects.count {
                problems.append(FieldProblem("/projects", "expected 1 to \(Self.mostProjects) different projects, or none for all"))
            }
            for (place, project) in projects.prefix(Self.mostProjects).enumerated() where !Self.isName(project) {
                problems.append(FieldProblem("/projects/\(place)", "expected 1 to 200 bytes without control characters"))
            }
            if role == .worker { problems.append(FieldProblem("/projects", "goes with no worker: which builds one may run, labels say")) }
            if role == .admin {
                problems.append(FieldProblem("/projects", "goes with no admin: who may give rights may give all of them; make it an operator"))
            }
        }
        switch (role, workers) {
        case (.worker, nil): problems.append(FieldProblem("/workers", "is missing: the name of the worker, or a pattern such as \"linux-*\""))
        case (.worker, let pattern?) where !Self.isName(pattern):
            problems.append(FieldProblem("/workers", "expected a name or a pattern of 1 to 200 bytes without control characters"))
        case (.worker, _?), (_, nil): break
        case (_, _?): problems.append(FieldProblem("/workers", "goes with the role worker only"))
        }
        if let expires, expires <= now { problems.append(FieldProblem("/expires", "is not in the future")) }
        return problems
    }

    private static func isName(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && !text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }
    }
}
