//! Sockets, as far as operating systems differ.
//!
//! On Unix each call says for itself whether it may wait. Windows knows no such
//! flag: there a socket never waits, and a `poll` does it all.

use rustix::fd::OwnedFd;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType};

pub(super) use own::*;

/// Opens a TCP socket that does not wait, is closed in programs that this one
/// starts, and raises no signal.
pub(super) fn open(family: AddressFamily) -> Result<OwnedFd, Errno> {
    begin()?;
    let fd = make(family)?;
    #[cfg(target_vendor = "apple")]
    rustix::net::sockopt::set_socket_nosigpipe(&fd, true)?;
    Ok(fd)
}

/// From here on a `recv` may wait in the kernel, where it can.
pub(super) fn connected(fd: &OwnedFd) -> Result<(), Errno> {
    if RECV_WAITS { ioctl_fionbio(fd, false) } else { Ok(()) }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn make(family: AddressFamily) -> Result<OwnedFd, Errno> {
    use rustix::net::SocketFlags;
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    rustix::net::socket_with(family, SocketType::STREAM, flags, None)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn make(family: AddressFamily) -> Result<OwnedFd, Errno> {
    let fd = rustix::net::socket(family, SocketType::STREAM, None)?;
    #[cfg(unix)]
    rustix::io::ioctl_fioclex(&fd)?;
    ioctl_fionbio(&fd, true)?;
    Ok(fd)
}

#[cfg(unix)]
mod own {
    use super::*;

    /// Whether a `recv` may wait itself, within the socket's own limit.
    pub const RECV_WAITS: bool = true;
    /// Receives without a wait.
    pub const RECV_AT_ONCE: RecvFlags = RecvFlags::DONTWAIT;
    /// Sends without a wait and, where the system knows that flag, a signal.
    #[cfg(not(target_vendor = "apple"))]
    pub const SEND_AT_ONCE: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);
    #[cfg(target_vendor = "apple")]
    pub const SEND_AT_ONCE: SendFlags = SendFlags::DONTWAIT;
    /// The connection is being made.
    pub const CONNECTING: &[Errno] = &[Errno::INPROGRESS, Errno::INTR];
    /// There can be no other socket now.
    pub const TOO_MANY: &[Errno] = &[Errno::MFILE, Errno::NFILE];

    pub(super) fn begin() -> Result<(), Errno> {
        Ok(())
    }
}

#[cfg(not(unix))]
mod own {
    use super::*;

    pub const RECV_WAITS: bool = false;
    pub const RECV_AT_ONCE: RecvFlags = RecvFlags::empty();
    pub const SEND_AT_ONCE: SendFlags = SendFlags::empty();
    pub const CONNECTING: &[Errno] = &[Errno::INPROGRESS, Errno::WOULDBLOCK];
    pub const TOO_MANY: &[Errno] = &[Errno::MFILE];

    /// Has the process begin with sockets, which the standard library does for
    /// its own ones only.
    pub(super) fn begin() -> Result<(), Errno> {
        static BEGUN: std::sync::OnceLock<Result<(), Errno>> = std::sync::OnceLock::new();
        *BEGUN.get_or_init(|| rustix::net::wsa_startup().map(drop))
    }
}
