extension Schemas {
    /// The `$id` of the configuration's JSON Schema. It is a name, fixed for all time; nothing is fetched from there.
    public static let configurationID = "https://doorbell.example/schemas/config/v1.json"

    /// The JSON Schema (2020-12) of the configuration.
    public static var configuration: [UInt8] { PackageResources.v1_json }
}
