/// An error: bytes are copied from behind the end of a buffer.
@main
enum Program {
    static func main() {
        let source = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
        let copy = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 8)
        copy.copyMemory(from: source + 32, byteCount: Int(CommandLine.argc) * 64)
        print(copy.load(as: UInt8.self) & 0)
        source.deallocate()
        copy.deallocate()
    }
}
