import BuildDispatch
import Domain

/// What is right in a configuration and may yet go wrong where it is used.
public enum ConfigurationWarnings {
    /// All of them. Blocks.
    /// - Parameter directory: what `DOORBELL_SECRETS_DIR` says here.
    public static func all(of configuration: Configuration, secretsDirectory directory: String?) -> [String] {
        secrets(of: configuration, directory) + blindGroups(of: configuration) + sameNames(of: configuration)
    }

    /// Secrets that this machine does not have: the dispatchers, which need them, may run elsewhere.
    private static func secrets(of configuration: Configuration, _ directory: String?) -> [String] {
        configuration.secrets.compactMap { secret in
            do {
                _ = try SecretPlace.read(secret, within: directory)
                return nil
            } catch {
                return "\(error) (looked for here, as you; dispatchers need it)"
            }
        }
    }
}
