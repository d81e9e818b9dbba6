package cache

import "mynah/internal/lib"

// Error is a failure of the library. errors.Is compares kinds with those
// below; errors.As gives the facts.
type Error = lib.Error

// Kinds of failure, to compare with through errors.Is.
var (
	// ErrNullArgument: A pointer that must not be null was null.
	ErrNullArgument = lib.ErrNullArgument
	// ErrInvalidHandle: Freed or closed, of another kind, or never a handle.
	ErrInvalidHandle = lib.ErrInvalidHandle
	// ErrInvalidArgument: An argument is malformed.
	ErrInvalidArgument = lib.ErrInvalidArgument
	// ErrOutOfRange: A value lies outside its range.
	ErrOutOfRange = lib.ErrOutOfRange
	// ErrUnknownOption: No option has this name.
	ErrUnknownOption = lib.ErrUnknownOption
	// ErrNotFound: The cache has no live entry under this key.
	ErrNotFound = lib.ErrNotFound
	// ErrTooLarge: Larger than a buffer or a bound.
	ErrTooLarge = lib.ErrTooLarge
	// ErrBusy: A contended shard was not free in time.
	ErrBusy = lib.ErrBusy
	// ErrClosed: The object has been closed.
	ErrClosed = lib.ErrClosed
	// ErrCancelled: The caller's cancel token was triggered.
	ErrCancelled = lib.ErrCancelled
	// ErrTimeout: A time limit ran out.
	ErrTimeout = lib.ErrTimeout
	// ErrStopped: The caller's callback asked to stop.
	ErrStopped = lib.ErrStopped
	// ErrForked: The handle was inherited through fork: make a new one.
	ErrForked = lib.ErrForked
	// ErrIO: A file could not be read or written.
	ErrIO = lib.ErrIO
	// ErrProtocol: What arrived is not what the protocol allows.
	ErrProtocol = lib.ErrProtocol
	// ErrPanic: A defect in the library was caught at the boundary.
	ErrPanic = lib.ErrPanic
	// ErrInternal: Something that should not happen did.
	ErrInternal = lib.ErrInternal
)
