//! Plans made by hand, for the tests.

/// An archive with one entry, whose packed bytes are these.
pub(crate) fn archive(name: &str, content: &[u8], method: u16) -> Vec<u8> {
    with_size(name, content, method, content.len())
}

/// An archive with a packed `tfplan`.
pub(crate) fn packed(message: &[u8]) -> Vec<u8> {
    with_size("tfplan", &miniz_oxide::deflate::compress_to_vec(message, 6), 8, message.len())
}

fn with_size(name: &str, content: &[u8], method: u16, unpacked: usize) -> Vec<u8> {
    let length = u16::try_from(name.len()).unwrap().to_le_bytes();
    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend([0; 22]);
    bytes.extend(length);
    bytes.extend([0; 2]);
    bytes.extend(name.as_bytes());
    bytes.extend(content);
    let directory = bytes.len();
    bytes.extend(b"PK\x01\x02");
    bytes.extend([0; 6]);
    bytes.extend(method.to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(size);
    bytes.extend(u32::try_from(unpacked).unwrap().to_le_bytes());
    bytes.extend(length);
    bytes.extend([0; 16]);
    bytes.extend(name.as_bytes());
    let end = bytes.len();
    bytes.extend(b"PK\x05\x06");
    bytes.extend([0, 0, 0, 0, 1, 0, 1, 0]);
    bytes.extend(u32::try_from(end - directory).unwrap().to_le_bytes());
    bytes.extend(u32::try_from(directory).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// One field that holds bytes.
pub(crate) fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let key = u64::from(number) << 3 | 2;
    [&varint(key)[..], &varint(bytes.len() as u64), bytes].concat()
}

/// One field that holds a number.
pub(crate) fn number(field: u8, value: u64) -> Vec<u8> {
    [varint(u64::from(field) << 3), varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 & 0x7f | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
