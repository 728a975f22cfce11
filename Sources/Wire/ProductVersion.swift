/// The version of Doorbell's programs, as `--version`, health answers and worker sessions say it.
public enum ProductVersion {
    public static let current = "0.1.0"
}
