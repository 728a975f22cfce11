/// One measured number, beside the floor that was measured in the same run.
struct Figure: Sendable {
    var name: String
    var value: Double
    var unit: Unit
    var floor: Floor?
    /// What the project wants of it, in words.
    var goal: String?

    /// The least that the same work can take, or the most that can be done of it, with nothing of ours in between.
    struct Floor: Sendable {
        var what: String
        /// In the unit of the figure.
        var value: Double
    }

    enum Unit: String, Sendable {
        case milliseconds = "ms"
        case perSecond = "/s"
        case megabytesPerSecond = "MB/s"
        case megabytes = "MB"
        case each = ""
        case times = "times"
    }

    init(_ name: String, _ value: Double, _ unit: Unit, floor: Floor? = nil, goal: String? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.floor = floor
        self.goal = goal
    }

    /// The figure in units of its floor.
    var ratio: Double? { floor.flatMap { $0.value > 0 ? value / $0.value : nil } }
}
