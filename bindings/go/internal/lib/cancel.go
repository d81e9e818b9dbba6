package lib

/*
#include <mynah.h>
*/
import "C"

import (
	"context"
	"errors"
	"unsafe"
)

// Token ends calls of the library: a mynah_cancel.
type Token struct{ handle *C.mynah_cancel }

// NewToken must be followed by Free.
func NewToken() Token { return Token{C.mynah_cancel_new()} }

// Handle is the word that names the mynah_cancel; 0 for none. Handles are no
// addresses: as an unsafe.Pointer, one could confuse the collector.
func (t Token) Handle() uintptr { return uintptr(unsafe.Pointer(t.handle)) }

// Trigger ends the calls that hold the token.
func (t Token) Trigger() { C.mynah_cancel_trigger(t.handle) }

// Free frees the token; triggering it afterwards does nothing.
func (t Token) Free() { C.mynah_cancel_free(t.handle) }

// Under runs a call that blocks with a token that the context triggers, and
// lets the context's error explain a call that it ended.
func Under(ctx context.Context, call func(token uintptr) error) error {
	if ctx.Err() != nil {
		return Over(ctx)
	}
	if ctx.Done() == nil {
		return Ended(ctx, call(0))
	}
	token := NewToken()
	defer token.Free()
	stop := context.AfterFunc(ctx, token.Trigger)
	defer stop()
	return Ended(ctx, call(token.Handle()))
}

// Over is the error of what a context that has ended, has ended: found as the
// context's own error, and as the cause that it was given, if it was.
func Over(ctx context.Context) *Error {
	why, cause := ctx.Err(), context.Cause(ctx)
	over := Caused(ErrCancelled, why)
	if cause != why {
		over.Message += ": " + cause.Error()
		over.cause = errors.Join(why, cause)
	}
	return over
}

// Ended says why a call was cancelled: its context has ended, or else what it
// was made with was closed. Nobody but its context has a call's token.
func Ended(ctx context.Context, err error) error {
	failure, ok := err.(*Error)
	switch {
	case !ok || failure.Status != ErrCancelled.Status:
		return err
	case ctx.Err() != nil:
		return Over(ctx)
	}
	return Caused(ErrClosed, err)
}
