//! A descriptor that is readable while something is waiting.
//!
//! On Unix it is a pipe that holds one byte, elsewhere a pair of loopback
//! sockets. Ringing twice or silencing twice would fill or block it, so both
//! keep count of whether the byte is there.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use std::io::{PipeReader as Inlet, PipeWriter as Outlet};
#[cfg(not(unix))]
use std::net::{TcpStream as Inlet, TcpStream as Outlet};

/// The descriptor and its state.
#[derive(Debug)]
pub struct Bell {
    inlet: Inlet,
    outlet: Outlet,
    /// Called under the lock of the queue: relaxed is enough.
    ringing: AtomicBool,
}

impl Bell {
    /// A silent bell.
    pub fn new() -> io::Result<Bell> {
        let (inlet, outlet) = pair()?;
        Ok(Bell { inlet, outlet, ringing: AtomicBool::new(false) })
    }

    /// Makes the descriptor readable.
    pub fn ring(&self) {
        if !self.ringing.swap(true, Ordering::Relaxed) {
            // One byte into an empty pipe cannot block.
            let _ = (&self.outlet).write(&[1]);
        }
    }

    /// Makes it unreadable.
    pub fn silence(&self) {
        if self.ringing.swap(false, Ordering::Relaxed) {
            let _ = (&self.inlet).read(&mut [0]);
        }
    }

    /// The descriptor to poll.
    #[cfg(unix)]
    pub fn fd(&self) -> isize {
        use std::os::fd::AsRawFd;
        self.inlet.as_raw_fd() as isize
    }

    /// The socket to poll.
    #[cfg(windows)]
    pub fn fd(&self) -> isize {
        use std::os::windows::io::AsRawSocket;
        self.inlet.as_raw_socket() as isize
    }
}

#[cfg(unix)]
fn pair() -> io::Result<(Inlet, Outlet)> {
    io::pipe()
}

#[cfg(not(unix))]
fn pair() -> io::Result<(Inlet, Outlet)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let outlet = Outlet::connect(listener.local_addr()?)?;
    let own = outlet.local_addr()?;
    // Another program may have connected first.
    loop {
        let (inlet, peer) = listener.accept()?;
        if peer == own {
            return Ok((inlet, outlet));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    fn readable(bell: &Bell) -> bool {
        let mut fds = [PollFd::new(&bell.inlet, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
    }

    #[test]
    fn it_is_readable_while_it_rings() {
        let bell = Bell::new().unwrap();
        assert!(!readable(&bell));
        bell.ring();
        bell.ring();
        assert!(readable(&bell));
        bell.silence();
        bell.silence();
        assert!(!readable(&bell));
    }
}
