package lib

/*
#include <mynah.h>
*/
import "C"

// Kinds of failure, to compare with through errors.Is.
var (
	// ErrNullArgument: A pointer that must not be null was null.
	ErrNullArgument = kind(C.MYNAH_NULL_ARGUMENT)
	// ErrInvalidHandle: Freed or closed, of another kind, or never a handle.
	ErrInvalidHandle = kind(C.MYNAH_INVALID_HANDLE)
	// ErrInvalidArgument: An argument is malformed.
	ErrInvalidArgument = kind(C.MYNAH_INVALID_ARGUMENT)
	// ErrOutOfRange: A value lies outside its range.
	ErrOutOfRange = kind(C.MYNAH_OUT_OF_RANGE)
	// ErrUnknownOption: No option has this name.
	ErrUnknownOption = kind(C.MYNAH_UNKNOWN_OPTION)
	// ErrNotFound: The cache has no live entry under this key.
	ErrNotFound = kind(C.MYNAH_NOT_FOUND)
	// ErrTooLarge: Larger than a buffer or a bound.
	ErrTooLarge = kind(C.MYNAH_TOO_LARGE)
	// ErrBusy: A contended shard was not free in time.
	ErrBusy = kind(C.MYNAH_BUSY)
	// ErrClosed: The object has been closed.
	ErrClosed = kind(C.MYNAH_CLOSED)
	// ErrCancelled: The caller's cancel token was triggered.
	ErrCancelled = kind(C.MYNAH_CANCELLED)
	// ErrTimeout: A time limit ran out.
	ErrTimeout = kind(C.MYNAH_TIMEOUT)
	// ErrConnection: The network failed before an answer came.
	ErrConnection = kind(C.MYNAH_CONNECTION)
	// ErrTLS: The TLS handshake or a certificate failed.
	ErrTLS = kind(C.MYNAH_TLS)
	// ErrAuthentication: The provider refused the key.
	ErrAuthentication = kind(C.MYNAH_AUTHENTICATION)
	// ErrPermission: The key may not do this.
	ErrPermission = kind(C.MYNAH_PERMISSION)
	// ErrRateLimited: Too many requests or tokens for now.
	ErrRateLimited = kind(C.MYNAH_RATE_LIMITED)
	// ErrQuotaExhausted: The account has nothing left; waiting does not help.
	ErrQuotaExhausted = kind(C.MYNAH_QUOTA_EXHAUSTED)
	// ErrContextLength: The prompt does not fit the model.
	ErrContextLength = kind(C.MYNAH_CONTEXT_LENGTH)
	// ErrContentFilter: A content filter refused.
	ErrContentFilter = kind(C.MYNAH_CONTENT_FILTER)
	// ErrBadRequest: The provider, or the library on its behalf, refused the request.
	ErrBadRequest = kind(C.MYNAH_BAD_REQUEST)
	// ErrModelNotFound: The provider does not know the model.
	ErrModelNotFound = kind(C.MYNAH_MODEL_NOT_FOUND)
	// ErrOverloaded: The provider has no capacity right now.
	ErrOverloaded = kind(C.MYNAH_OVERLOADED)
	// ErrServer: The provider failed.
	ErrServer = kind(C.MYNAH_SERVER)
	// ErrTruncated: The answer ended before it was complete.
	ErrTruncated = kind(C.MYNAH_TRUNCATED)
	// ErrProtocol: What arrived is not what the protocol allows.
	ErrProtocol = kind(C.MYNAH_PROTOCOL)
	// ErrCircuitOpen: The circuit breaker is open.
	ErrCircuitOpen = kind(C.MYNAH_CIRCUIT_OPEN)
	// ErrStopped: The caller's callback asked to stop.
	ErrStopped = kind(C.MYNAH_STOPPED)
	// ErrForked: The handle was inherited through fork: make a new one.
	ErrForked = kind(C.MYNAH_FORKED)
	// ErrIO: A file could not be read or written.
	ErrIO = kind(C.MYNAH_IO)
	// ErrPanic: A defect in the library was caught at the boundary.
	ErrPanic = kind(C.MYNAH_PANIC)
	// ErrInternal: Something that should not happen did.
	ErrInternal = kind(C.MYNAH_INTERNAL)
)

func kind(status C.mynah_status) *Error {
	return &Error{Status: int32(status), Message: C.GoString(C.mynah_status_name(status))}
}
