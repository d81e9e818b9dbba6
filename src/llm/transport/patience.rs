//! How long a read may wait inside the kernel.
//!
//! A `poll` before each read costs a system call that a socket's own time limit
//! (`SO_RCVTIMEO`) spares. But a deadline differs with every read, and setting
//! the limit is a system call too. So it is set to half of what is left, and
//! stays while it is less than what is left: a read that the kernel has given up
//! is begun again. Where little is left, `poll` waits, which is exact.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rustix::fd::AsFd;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

/// With less time left than this the kernel's limit, which is as coarse as its
/// ticks, is not used.
const SHORT_NS: u64 = 200_000_000;
/// The longest limit: a kernel may refuse a larger one.
const LONG_NS: u64 = 3_600_000_000_000;

/// The limit of one socket.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// In ns; 0: none is set. One call uses a socket at a time, and who takes it
    /// over has met a lock: relaxed is enough.
    limit_ns: AtomicU64,
}

impl Patience {
    /// Whether a read of the socket ends by itself well before `left` has passed.
    /// Sets the limit if that is worth it. `in_vain`: the last read ended so.
    pub fn suits(&self, fd: impl AsFd, left: Duration, in_vain: bool) -> bool {
        let left_ns = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX).min(2 * LONG_NS);
        if left_ns < SHORT_NS {
            return false;
        }
        let (limit_ns, wanted_ns) = (self.limit_ns.load(Relaxed), left_ns / 2);
        let fits = limit_ns > 0 && limit_ns <= left_ns - SHORT_NS / 4;
        if fits && !(in_vain && limit_ns < wanted_ns / 2) {
            return true;
        }
        let wanted = Some(Duration::from_nanos(wanted_ns));
        let set = set_socket_timeout(fd, Timeout::Recv, wanted).is_ok();
        self.limit_ns.store(if set { wanted_ns } else { 0 }, Relaxed);
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::sockopt::socket_timeout;
    use std::net::UdpSocket;

    /// The limit that the kernel has, in ms.
    fn limit(socket: &UdpSocket) -> u128 {
        socket_timeout(socket, Timeout::Recv).unwrap().map_or(0, |limit| limit.as_millis())
    }

    #[test]
    fn the_limit_is_within_what_is_left_and_is_set_seldom() {
        let (socket, patience) = (UdpSocket::bind("127.0.0.1:0").unwrap(), Patience::default());
        let suits = |ms, in_vain| patience.suits(&socket, Duration::from_millis(ms), in_vain);
        assert!(!suits(199, false), "little is left");
        assert_eq!(limit(&socket), 0);
        assert!(suits(60_000, false));
        assert_eq!(limit(&socket), 30_000);
        assert!(suits(600_000, false) && suits(31_000, false));
        assert_eq!(limit(&socket), 30_000, "it fits still");
        assert!(suits(30_000, false));
        assert_eq!(limit(&socket), 15_000, "it must be less than what is left");
        assert!(suits(600_000, true));
        assert_eq!(limit(&socket), 300_000, "a read was given up too early");
        assert!(suits(400_000, true));
        assert_eq!(limit(&socket), 300_000);
        assert!(patience.suits(&socket, Duration::MAX, true));
        assert_eq!(limit(&socket), 3_600_000);
    }
}
