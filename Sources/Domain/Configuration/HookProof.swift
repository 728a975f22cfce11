/// How a caller shows that it knows the secret of a source.
public enum HookProof: Hashable, Sendable, Codable {
    public enum Algorithm: String, Sendable, Codable, CaseIterable {
        case sha256, sha512
    }

    /// A code of the body that only the secret makes: its HMAC in hexadecimal digits, behind a prefix. The first of the headers that is there counts.
    case signature(headers: [String], algorithm: Algorithm, prefix: String)
    /// The secret itself, which stands for the whole call.
    case token(headers: [String])

    public var headers: [String] {
        switch self {
        case .signature(let headers, _, _), .token(let headers): headers
        }
    }
}

extension HookConfiguration.Forge {
    /// How the forge does it by itself; nil where the configuration has to say.
    public var proof: HookProof? {
        switch self {
        case .github: .signature(headers: ["X-Hub-Signature-256"], algorithm: .sha256, prefix: "sha256=")
        case .gitlab: .token(headers: ["X-Gitlab-Token"])
        case .gitea: .signature(headers: ["X-Gitea-Signature", "X-Forgejo-Signature"], algorithm: .sha256, prefix: "")
        case .bitbucket, .bitbucketServer: .signature(headers: ["X-Hub-Signature"], algorithm: .sha256, prefix: "sha256=")
        case .gerrit, .generic: nil
        }
    }
}
