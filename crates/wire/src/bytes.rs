//! Bounded reading and writing of little-endian bytes.
//!
//! The only place that turns offsets into slices. Every reader ends with
//! [`Reader::finish`], so a body with bytes to spare is an error as well.

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The bytes end before the value does.
    Short,
    /// Bytes are left over after the value.
    Trailing,
    /// The first two bytes are not a frame's.
    Magic,
    /// A version that this build does not speak.
    Version(u8),
    /// A frame kind, door or ending that this build does not know.
    Unknown(u8),
    /// A length or count above its limit.
    Limit,
    /// The strings of a block are not as many as were announced.
    Count,
    /// The place to write to is too small.
    Full,
}

impl core::fmt::Display for Error {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Short => out.write_str("the message ends too early"),
            Self::Trailing => out.write_str("the message has bytes left over"),
            Self::Magic => out.write_str("this is no message of ours"),
            Self::Version(version) => {
                write!(
                    out,
                    "the message has version {version}, this program speaks {} to {}",
                    crate::PREVIOUS,
                    crate::VERSION
                )
            }
            Self::Unknown(code) => write!(out, "unknown code {code} in a message"),
            Self::Limit => out.write_str("a length in the message is above its limit"),
            Self::Count => out.write_str("the message holds another number of strings than it says"),
            Self::Full => out.write_str("no room to write the message"),
        }
    }
}

impl core::error::Error for Error {}

/// Takes values off the front of a slice.
#[derive(Debug, Clone)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Starts at the front of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(Error::Short)?;
        self.0 = tail;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(Error::Short)?;
        self.0 = tail;
        Ok(*head)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, Error> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next two bytes.
    pub fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next four bytes.
    pub fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next four bytes, signed.
    pub fn i32(&mut self) -> Result<i32, Error> {
        self.array().map(i32::from_le_bytes)
    }

    /// The next eight bytes.
    pub fn u64(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_le_bytes)
    }

    /// A four-byte length that may not exceed `limit`.
    pub fn length(&mut self, limit: usize) -> Result<usize, Error> {
        let length = usize::try_from(self.u32()?).map_err(|_| Error::Limit)?;
        if length > limit { Err(Error::Limit) } else { Ok(length) }
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    /// The value is whole: nothing may be left.
    pub fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Trailing) }
    }
}

/// Puts values at the front of a slice.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    /// Starts at the front of `out`.
    #[must_use]
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, at: 0 }
    }

    /// How many bytes were written.
    #[must_use]
    pub fn written(&self) -> usize {
        self.at
    }

    /// How many more would fit.
    #[must_use]
    pub fn room(&self) -> usize {
        self.out.len().saturating_sub(self.at)
    }

    /// Writes `bytes` as they are.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let end = self.at.checked_add(bytes.len()).ok_or(Error::Full)?;
        self.out.get_mut(self.at..end).ok_or(Error::Full)?.copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    /// Writes one byte.
    pub fn u8(&mut self, value: u8) -> Result<(), Error> {
        self.put(&[value])
    }

    /// Writes two bytes.
    pub fn u16(&mut self, value: u16) -> Result<(), Error> {
        self.put(&value.to_le_bytes())
    }

    /// Writes four bytes.
    pub fn u32(&mut self, value: u32) -> Result<(), Error> {
        self.put(&value.to_le_bytes())
    }

    /// Writes four bytes, signed.
    pub fn i32(&mut self, value: i32) -> Result<(), Error> {
        self.put(&value.to_le_bytes())
    }

    /// Writes eight bytes.
    pub fn u64(&mut self, value: u64) -> Result<(), Error> {
        self.put(&value.to_le_bytes())
    }

    /// Writes a four-byte length that may not exceed `limit`.
    pub fn length(&mut self, length: usize, limit: usize) -> Result<(), Error> {
        if length > limit {
            return Err(Error::Limit);
        }
        self.u32(u32::try_from(length).map_err(|_| Error::Limit)?)
    }
}
