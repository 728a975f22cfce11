/// Finds names that lead to each other in a circle.
enum Circle {
    /// The circle in its order, the first of it again at the end; nil when there is none. What leads to a name that is not there leads nowhere.
    static func find(in names: [String], _ leads: [String: [String]]) -> [String]? {
        var isDone = Set<String>()
        for start in names where !isDone.contains(start) {
            // The way down from this name, and how far each name on it has been looked at.
            var path = [start]
            var looked = [0]
            var isOnPath: Set = [start]
            while let name = path.last, let place = looked.last {
                let wanted = leads[name] ?? []
                guard place < wanted.count else {
                    path.removeLast()
                    looked.removeLast()
                    isOnPath.remove(name)
                    isDone.insert(name)
                    continue
                }
                looked[looked.count - 1] += 1
                let next = wanted[place]
                if isOnPath.contains(next), let start = path.firstIndex(of: next) { return Array(path[start...]) + [next] }
                guard !isDone.contains(next), leads[next] != nil else { continue }
                path.append(next)
                looked.append(0)
                isOnPath.insert(next)
            }
        }
        return nil
    }
}
