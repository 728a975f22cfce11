/// The name of a step's log: the number and the name of the step, safe in a path and in a URL.
enum LogName {
    static func make(number: Int, step: String) -> String {
        "\(number)-\(SafeName.make(step, limit: 60))"
    }
}
