package cache

/*
#include <mynah.h>
*/
import "C"

// Error is a failure of the library. Two are equal under errors.Is when their
// statuses are.
type Error struct {
	Status  int32
	Message string
}

// Statuses to compare with, through errors.Is.
var (
	ErrInvalidHandle   = &Error{Status: C.MYNAH_INVALID_HANDLE, Message: "invalid_handle"}
	ErrInvalidArgument = &Error{Status: C.MYNAH_INVALID_ARGUMENT, Message: "invalid_argument"}
	ErrOutOfRange      = &Error{Status: C.MYNAH_OUT_OF_RANGE, Message: "out_of_range"}
	ErrUnknownOption   = &Error{Status: C.MYNAH_UNKNOWN_OPTION, Message: "unknown_option"}
	ErrTooLarge        = &Error{Status: C.MYNAH_TOO_LARGE, Message: "too_large"}
	ErrBusy            = &Error{Status: C.MYNAH_BUSY, Message: "busy"}
	ErrForked          = &Error{Status: C.MYNAH_FORKED, Message: "forked"}
)

func (e *Error) Error() string { return "mynah: " + e.Message }

// Is makes errors.Is compare statuses.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Status == e.Status
}

func newError(status C.mynah_status, failure *C.mynah_error) error {
	message := C.GoString(C.mynah_status_name(status))
	if failure != nil {
		message = C.GoString(C.mynah_error_message(failure))
		C.mynah_error_free(failure)
	}
	return &Error{Status: int32(status), Message: message}
}

func check(status C.mynah_status) error {
	if status == C.MYNAH_OK {
		return nil
	}
	return newError(status, nil)
}
