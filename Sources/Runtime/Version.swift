import Wire

/// The version of this program, as `--version`, health answers and worker sessions say it.
public enum Version {
    public static let current = ProductVersion.current
}
