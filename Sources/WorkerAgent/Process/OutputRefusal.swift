/// The output of a command cannot be kept, for the reason that this errno names.
struct OutputRefusal: Error, Hashable {
    var number: Int32
}
