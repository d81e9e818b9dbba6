package lib

import (
	"fmt"
	"runtime/debug"
	"unsafe"
)

// Called runs a function of the caller's that C has called. A panic that left
// it would unwind the frames of C without ending them, so that the library
// would believe for ever that the call goes on; it ends the program instead,
// wherever somebody may recover.
func Called(function func()) {
	returned := false
	defer func() {
		if returned {
			return
		}
		why := recover()
		if why == nil {
			why = "runtime.Goexit"
		}
		text := fmt.Sprintf("mynah: in a function that the library called: %v\n\n%s", why, debug.Stack())
		go panic(text) // nobody recovers on a goroutine of its own
		select {}
	}()
	function()
	returned = true
}

// Copied is a copy of bytes that C lends, of any length.
func Copied(data unsafe.Pointer, size uint64) []byte {
	lent := unsafe.Slice((*byte)(data), int(size))
	return append(make([]byte, 0, len(lent)), lent...)
}
