import BuildDispatch
import Domain

/// What is right in a configuration and may yet go wrong where it is used.
public enum ConfigurationWarnings {
    /// Secrets that this machine does not have: the dispatchers, which need them, may run elsewhere. Blocks.
    public static func all(of configuration: Configuration) -> [String] {
        configuration.secrets.compactMap { secret in
            do {
                _ = try SecretPlace.read(secret)
                return nil
            } catch {
                return "\(error) (looked for here, as you; dispatchers need it)"
            }
        }
    }
}
