// Package lib is what the packages of the binding share of libmynah: errors,
// values and the cancellation of calls that block.
//
// The define beside mynah_static tells go's build cache the two kinds of link
// apart: it does not look at pkg-config's answers.
//
// cgo gives each package types of its own for the same C type, so pointers
// cross between packages as unsafe.Pointer.
package lib

/*
#cgo !mynah_static pkg-config: mynah
#cgo mynah_static pkg-config: mynah-static
#cgo mynah_static CFLAGS: -DMYNAH_STATIC
#include <mynah.h>
*/
import "C"

import (
	"encoding/json"
	"runtime"
	"unsafe"
)

// Version is the library's own, such as 0.1.0.
func Version() string { return C.GoString(C.mynah_version()) }

// ABIVersion is the number of the library's binary interface: a program works with
// every library that answers the same.
func ABIVersion() uint32 { return uint32(C.mynah_abi_version()) }

// BuildInfo is how the library was built, as JSON: version, target, features,
// compiler.
func BuildInfo() (json.RawMessage, error) {
	var value *C.mynah_value
	if err := Check(int32(C.mynah_build_info_json(&value)), nil); err != nil {
		return nil, err
	}
	return Take(unsafe.Pointer(value)), nil
}

// Take copies the bytes of a mynah_value and frees it.
func Take(value unsafe.Pointer) []byte {
	v := (*C.mynah_value)(value)
	defer C.mynah_value_free(v)
	data := unsafe.Slice((*byte)(C.mynah_value_data(v)), int(C.mynah_value_len(v)))
	return append(make([]byte, 0, len(data)), data...)
}

// Data is where the bytes of a slice lie.
func Data(bytes []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(bytes)) }

// Cleanup frees what was forgotten: the net under Close.
func Cleanup[T any](object *T, free func(*T)) { runtime.SetFinalizer(object, free) }

// Closed takes the net away, and returns whether there is anything to close: nil is
// what a constructor that failed has made.
func Closed[T any](object *T) bool {
	if object == nil { // of which the runtime makes a fatal error
		return false
	}
	runtime.SetFinalizer(object, nil)
	return true
}
