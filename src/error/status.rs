//! The stable status codes.

macro_rules! statuses {
    ($(#[doc = $doc:literal] $name:ident = $code:literal, $text:literal;)*) => {
        /// How a call ended; the number is part of the C ABI.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum Status { $(#[doc = $doc] $name = $code,)* }

        impl Status {
            /// Every status, in the order of its number.
            pub const ALL: &'static [Status] = &[$(Status::$name,)*];

            /// The stable lower-case name, as it stands in JSON.
            pub fn name(self) -> &'static str {
                match self { $(Status::$name => $text,)* }
            }

            /// One sentence on what it means, for the header and the manual.
            pub fn doc(self) -> &'static str {
                match self { $(Status::$name => $doc.trim_ascii(),)* }
            }
        }
    };
}

statuses! {
    /// It worked.
    Ok = 0, "ok";
    /// A pointer that must not be null was null.
    NullArgument = 1, "null_argument";
    /// Freed or closed, of another kind, or never a handle.
    InvalidHandle = 2, "invalid_handle";
    /// An argument is malformed.
    InvalidArgument = 3, "invalid_argument";
    /// A value lies outside its range.
    OutOfRange = 4, "out_of_range";
    /// No option has this name.
    UnknownOption = 5, "unknown_option";
    /// The cache has no live entry under this key.
    NotFound = 6, "not_found";
    /// Larger than a buffer or a bound.
    TooLarge = 7, "too_large";
    /// A contended shard was not free in time.
    Busy = 8, "busy";
    /// The object has been closed.
    Closed = 9, "closed";
    /// The caller's cancel token was triggered.
    Cancelled = 10, "cancelled";
    /// A time limit ran out.
    Timeout = 11, "timeout";
    /// The network failed before an answer came.
    Connection = 12, "connection";
    /// The TLS handshake or a certificate failed.
    Tls = 13, "tls";
    /// The provider refused the key.
    Authentication = 14, "authentication";
    /// The key may not do this.
    Permission = 15, "permission";
    /// Too many requests or tokens for now.
    RateLimited = 16, "rate_limited";
    /// The account has nothing left; waiting does not help.
    QuotaExhausted = 17, "quota_exhausted";
    /// The prompt does not fit the model.
    ContextLength = 18, "context_length";
    /// A content filter refused.
    ContentFilter = 19, "content_filter";
    /// The provider, or the library on its behalf, refused the request.
    BadRequest = 20, "bad_request";
    /// The provider does not know the model.
    ModelNotFound = 21, "model_not_found";
    /// The provider has no capacity right now.
    Overloaded = 22, "overloaded";
    /// The provider failed.
    Server = 23, "server";
    /// The answer ended before it was complete.
    Truncated = 24, "truncated";
    /// What arrived is not what the protocol allows.
    Protocol = 25, "protocol";
    /// The circuit breaker is open.
    CircuitOpen = 26, "circuit_open";
    /// The caller's callback asked to stop.
    Stopped = 27, "stopped";
    /// The handle was inherited through fork: make a new one.
    Forked = 28, "forked";
    /// A file could not be read or written.
    Io = 29, "io";
    /// A defect in the library was caught at the boundary.
    Panic = 30, "panic";
    /// Something that should not happen did.
    Internal = 31, "internal";
}

impl Status {
    /// The number that crosses the C boundary.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The status of a number, if it is one.
    pub fn from_code(code: i32) -> Option<Status> {
        usize::try_from(code).ok().and_then(|i| Self::ALL.get(i)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_stable() {
        for (i, status) in Status::ALL.iter().enumerate() {
            assert_eq!(status.code(), i as i32);
            assert_eq!(Status::from_code(i as i32), Some(*status));
        }
        assert_eq!(Status::from_code(-1), None);
        assert_eq!(Status::Internal.code(), 31);
    }
}
