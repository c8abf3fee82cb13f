//! Why the kernel refused.

use linux_raw_sys::errno as raw;

/// An `errno`, as the kernel gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Errno {
    /// No such file.
    pub const ENOENT: Self = Self(raw::ENOENT as i32);
    /// Interrupted.
    pub const EINTR: Self = Self(raw::EINTR as i32);
    /// No such descriptor.
    pub const EBADF: Self = Self(raw::EBADF as i32);
    /// No child to wait for.
    pub const ECHILD: Self = Self(raw::ECHILD as i32);
    /// Not now.
    pub const EAGAIN: Self = Self(raw::EAGAIN as i32);
    /// Not allowed by mode bits or policy.
    pub const EACCES: Self = Self(raw::EACCES as i32);
    /// Not a folder.
    pub const ENOTDIR: Self = Self(raw::ENOTDIR as i32);
    /// Not with these arguments.
    pub const EINVAL: Self = Self(raw::EINVAL as i32);
    /// No number left for a descriptor.
    pub const EMFILE: Self = Self(raw::EMFILE as i32);
    /// A name or path is too long.
    pub const ENAMETOOLONG: Self = Self(raw::ENAMETOOLONG as i32);
    /// Not allowed for this process.
    pub const EPERM: Self = Self(raw::EPERM as i32);
    /// Too many descriptors are under way in sockets, or came with one message.
    pub const ETOOMANYREFS: Self = Self(raw::ETOOMANYREFS as i32);
    /// The peer hung up without reading everything.
    pub const ECONNRESET: Self = Self(raw::ECONNRESET as i32);
    /// Nobody listens there.
    pub const ECONNREFUSED: Self = Self(raw::ECONNREFUSED as i32);

    /// What it means, for a person; `None` for the rarer ones.
    #[must_use]
    pub fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::ENOENT => "no such file",
            Self::EAGAIN => "it does not accept connections",
            Self::EACCES | Self::EPERM => "permission denied",
            Self::ENOTDIR => "not a folder",
            Self::EMFILE => "no descriptor is left",
            Self::ENAMETOOLONG => "the path is too long",
            Self::ETOOMANYREFS => "too many descriptors are under way",
            Self::ECONNREFUSED => "nobody listens there",
            _ => return None,
        })
    }
}
