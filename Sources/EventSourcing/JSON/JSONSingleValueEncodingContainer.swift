/// Takes a value by itself.
struct JSONSingleValueEncodingContainer: SingleValueEncodingContainer {
    let encoder: JSONValueEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil() { encoder.value = encoder.output.write("null") }
    func encode<Value: Encodable>(_ value: Value) throws { try encoder.encode(value) }

    func encode(_ value: Bool) { encoder.value = encoder.output.write(value ? "true" : "false") }
    func encode(_ value: String) { encoder.value = encoder.output.write(string: value) }
    func encode(_ value: Double) throws { encoder.value = try encoder.encoded(value) }
    func encode(_ value: Float) throws { encoder.value = try encoder.encoded(value) }
    func encode(_ value: Int) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: Int8) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: Int16) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: Int32) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: Int64) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: Int128) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: UInt) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: UInt8) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: UInt16) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: UInt32) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: UInt64) { encoder.value = encoder.output.write(String(value)) }
    func encode(_ value: UInt128) { encoder.value = encoder.output.write(String(value)) }
}
