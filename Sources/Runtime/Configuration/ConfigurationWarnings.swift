import BuildDispatch
import Domain

/// What is right in a configuration and may yet go wrong where it is used.
public enum ConfigurationWarnings {
    /// Secrets that this machine does not have: the dispatchers, which need them, may run elsewhere. Blocks.
    /// - Parameter directory: what `DOORBELL_SECRETS_DIR` says here.
    public static func all(of configuration: Configuration, secretsDirectory directory: String?) -> [String] {
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
