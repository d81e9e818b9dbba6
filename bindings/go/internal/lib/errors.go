package lib

/*
#include <mynah.h>
*/
import "C"

import (
	"encoding/json"
	"time"
	"unsafe"
)

// Error is a failure of the library. errors.Is compares statuses, so that
// errors.Is(err, ErrRateLimited) tells the kind; errors.As gives the facts.
type Error struct {
	// Status is one of the library's stable numbers.
	Status int32
	// Message says what went wrong and what would do.
	Message string
	// HTTPStatus is the provider's; 0 where there was none.
	HTTPStatus int
	// ProviderCode is the provider's own word for it.
	ProviderCode string
	// ProviderType is its type beside the code, where the provider says both.
	ProviderType string
	// RequestID is what the provider's support asks for.
	RequestID string
	// Retriable says whether the same call may succeed later.
	Retriable bool
	// RetryAfter is how long the provider asks to wait; 0 where it does not say.
	RetryAfter time.Duration
	// Attempts were made.
	Attempts int

	cause error
}

func (e *Error) Error() string { return "mynah: " + e.Message }

// Is makes errors.Is compare statuses.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Status == e.Status
}

// Unwrap is the context's error, and its cause, where a context ended the call.
func (e *Error) Unwrap() error { return e.cause }

// Name is the status in words, such as rate_limited.
func (e *Error) Name() string { return C.GoString(C.mynah_status_name(C.mynah_status(e.Status))) }

// Caused is an error of a status that a Go error, such as a context's, brought
// about.
func Caused(kind *Error, cause error) *Error {
	text := cause.Error()
	if own, ok := cause.(*Error); ok {
		text = own.Message
	}
	return &Error{Status: kind.Status, Message: kind.Message + ": " + text, cause: cause}
}

// Check is the error of a status, nil for MYNAH_OK. It frees the mynah_error,
// which may be nil.
func Check(status int32, failure unsafe.Pointer) error {
	if status == C.MYNAH_OK {
		return nil
	}
	if failure == nil {
		name, meaning := C.mynah_status_name(C.mynah_status(status)), C.mynah_status_text(C.mynah_status(status))
		return &Error{Status: status, Message: C.GoString(name) + ": " + C.GoString(meaning)}
	}
	f := (*C.mynah_error)(failure)
	defer C.mynah_error_free(f)
	err := &Error{Status: status, Message: C.GoString(C.mynah_error_message(f))}
	var value *C.mynah_value
	if C.mynah_error_json(f, &value) == C.MYNAH_OK {
		err.facts(Take(unsafe.Pointer(value)))
	}
	return err
}

func (e *Error) facts(text []byte) {
	var facts struct {
		HTTPStatus   int    `json:"http_status"`
		ProviderCode string `json:"provider_code"`
		ProviderType string `json:"provider_type"`
		RequestID    string `json:"request_id"`
		Retriable    bool   `json:"retriable"`
		RetryAfterMs int64  `json:"retry_after_ms"`
		Attempts     int    `json:"attempts"`
	}
	// What a provider sends in another form than these is left out.
	_ = json.Unmarshal(text, &facts)
	e.HTTPStatus, e.RequestID = facts.HTTPStatus, facts.RequestID
	e.ProviderCode, e.ProviderType = facts.ProviderCode, facts.ProviderType
	e.Retriable, e.Attempts = facts.Retriable, facts.Attempts
	e.RetryAfter = time.Duration(facts.RetryAfterMs) * time.Millisecond
}
