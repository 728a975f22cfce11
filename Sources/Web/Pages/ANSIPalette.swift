/// The 256 colours of xterm: 16 that a theme may choose, a cube of 6×6×6, and 24 greys.
enum ANSIPalette {
    private static let levels = [0, 95, 135, 175, 215, 255]

    /// The place of the cube or the greys that is closest.
    static func nearest(red: Int, green: Int, blue: Int) -> UInt8 {
        let colour = [red, green, blue].map { min(max($0, 0), 255) }
        let cube = colour.map { value in levels.indices.min { abs(levels[$0] - value) < abs(levels[$1] - value) } ?? 0 }
        let grey = min(max((colour.reduce(0, +) / 3 - 3) / 10, 0), 23)
        let cubeDistance = distance(colour, cube.map { levels[$0] })
        let greyDistance = distance(colour, Array(repeating: 8 + 10 * grey, count: 3))
        return UInt8(greyDistance < cubeDistance ? 232 + grey : 16 + 36 * cube[0] + 6 * cube[1] + cube[2])
    }

    private static func distance(_ left: [Int], _ right: [Int]) -> Int {
        zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }

    /// Red, green and blue of a place from 16 on.
    static func components(_ place: Int) -> [Int] {
        guard place < 232 else { return Array(repeating: 8 + 10 * (place - 232), count: 3) }
        let index = place - 16
        return [index / 36, index / 6 % 6, index % 6].map { levels[$0] }
    }

    /// A rule for each colour as text and as ground; the first 16 are the style sheet's own.
    static let css: String = (16..<256).map { place in
        let colour = components(place).map(String.init).joined(separator: ",")
        return ".f\(place){color:rgb(\(colour))}.b\(place){background:rgb(\(colour))}\n"
    }.joined()
}
