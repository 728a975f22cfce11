extension [UInt8] {
    /// Hands the bytes to what takes a command's output.
    func pass(to output: CommandThread.Output) throws(OutputRefusal) {
        let result: Result<Void, OutputRefusal> = withUnsafeBytes { bytes in
            do throws(OutputRefusal) {
                return .success(try output(bytes))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
