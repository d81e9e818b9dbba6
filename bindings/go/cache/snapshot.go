package cache

/*
#include <mynah.h>
#include <stdlib.h>

extern int32_t mynahGoTransfer(uintptr_t user, uint64_t done, uint64_t total);

static int32_t on_transfer(void *user, uint64_t done, uint64_t total) {
	return mynahGoTransfer((uintptr_t)user, done, total);
}

static mynah_status go_save(mynah_cache *cache, const char *path, uintptr_t user, uint64_t *count, mynah_error **err) {
	return mynah_cache_save_with(cache, path, user ? on_transfer : NULL, (void *)user, count, err);
}

static mynah_status go_load(mynah_cache *cache, const char *path, uintptr_t user, uint64_t *count, mynah_error **err) {
	return mynah_cache_load_with(cache, path, user ? on_transfer : NULL, (void *)user, count, err);
}
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"

	"mynah/internal/lib"
)

// Transfer is told how far a save or a load has come, first and last too; false
// stops it with ErrStopped. A panic in it ends the program.
type Transfer func(done, total uint64) bool

// Save writes all live entries to a file, which is never half there.
func (c *ShardedCache) Save(path string) error {
	_, err := c.SaveWith(path, nil)
	return err
}

// SaveWith is Save with progress, which may be nil, and returns how many entries
// were written. Stopped, it leaves the file that was there.
func (c *ShardedCache) SaveWith(path string, progress Transfer) (uint64, error) {
	defer runtime.KeepAlive(c)
	return transferred(path, progress, func(path *C.char, user C.uintptr_t, count *C.uint64_t, failure **C.mynah_error) C.mynah_status {
		return C.go_save(c.handle, path, user, count, failure)
	})
}

// Load stores what a saved file holds; a file that is cut or foreign changes
// nothing.
func (c *ShardedCache) Load(path string) error {
	_, err := c.LoadWith(path, nil)
	return err
}

// LoadWith is Load with progress, which may be nil, and returns how many entries
// were stored. Stopped, it leaves those that came before.
func (c *ShardedCache) LoadWith(path string, progress Transfer) (uint64, error) {
	defer runtime.KeepAlive(c)
	return transferred(path, progress, func(path *C.char, user C.uintptr_t, count *C.uint64_t, failure **C.mynah_error) C.mynah_status {
		return C.go_load(c.handle, path, user, count, failure)
	})
}

func transferred(path string, progress Transfer, transfer func(*C.char, C.uintptr_t, *C.uint64_t, **C.mynah_error) C.mynah_status) (uint64, error) {
	if err := lib.Texts("path", path); err != nil {
		return 0, err
	}
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	var user cgo.Handle
	if progress != nil {
		user = cgo.NewHandle(progress)
		defer user.Delete()
	}
	var count C.uint64_t
	var failure *C.mynah_error
	err := told(transfer(p, C.uintptr_t(user), &count, &failure), failure)
	return uint64(count), err
}

//export mynahGoTransfer
func mynahGoTransfer(user C.uintptr_t, done, total C.uint64_t) (stop C.int32_t) {
	progress := cgo.Handle(user).Value().(Transfer)
	lib.Called(func() {
		if !progress(uint64(done), uint64(total)) {
			stop = 1
		}
	})
	return stop
}
