package cache

// The calls that a program makes a million times a second. Four things keep
// the crossing cheap: the C functions below take bytes and the handle's word, so
// cgo has no pointer to look into; they answer through a pointer, for cgo looks
// for a moved stack before it stores a result; one crossing does all of a
// look-up; and from Go 1.24 on hot_go124.go promises that nothing escapes and nothing calls back, so
// that keys and the scratch space stay on the stack.
//
// A callback of the caller's could make the stack grow, and so move, under the
// feet of C. So a cache that has one takes the second set of functions, which
// make no promise, with copies on the heap.

/*
#include <mynah.h>
#include <string.h>

typedef const unsigned char bytes;

typedef struct {
	size_t len;
	mynah_status status;
} go_found;

static void go_get(uintptr_t cache, bytes *key, size_t key_len,
                   unsigned char *place, size_t cap, go_found *found) {
	found->status = mynah_cache_get_into((mynah_cache *)cache, key, key_len, place, cap, &found->len);
}

static void go_set(uintptr_t cache, bytes *key, size_t key_len,
                   bytes *value, size_t len, uint64_t ttl_ms, mynah_status *status) {
	*status = mynah_cache_set((mynah_cache *)cache, key, key_len, value, len, ttl_ms);
}

static void heard_get(uintptr_t cache, bytes *key, size_t key_len,
                      unsigned char *place, size_t cap, go_found *found) {
	go_get(cache, key, key_len, place, cap, found);
}

static void heard_set(uintptr_t cache, bytes *key, size_t key_len,
                      bytes *value, size_t len, uint64_t ttl_ms, mynah_status *status) {
	go_set(cache, key, key_len, value, len, ttl_ms, status);
}

*/
import "C"

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// scratch is the size of a value that Get fetches in one crossing.
const scratch = 512

// Get returns a copy of the value, and false when the key is absent or expired.
func (c *ShardedCache) Get(key string) ([]byte, bool, error) {
	var place [scratch]byte
	n, status := c.fetch(place[:], key)
	switch status {
	case C.MYNAH_OK:
		return append(make([]byte, 0, n), place[:n]...), true, nil
	case C.MYNAH_TOO_LARGE:
		return c.AppendGet(make([]byte, 0, n), key)
	}
	_, ok, err := found(status)
	return nil, ok, err
}

// AppendGet appends the value to dst, which grows where it must: with the same
// dst again and again a hit allocates nothing.
func (c *ShardedCache) AppendGet(dst []byte, key string) ([]byte, bool, error) {
	for {
		n, status := c.fetch(dst[len(dst):cap(dst)], key)
		switch status {
		case C.MYNAH_OK:
			return dst[:len(dst)+n], true, nil
		case C.MYNAH_TOO_LARGE:
			// Another goroutine may store a longer one meanwhile: hence the loop.
			dst = slices.Grow(dst, n)
		default:
			_, ok, err := found(status)
			return dst, ok, err
		}
	}
}

// GetInto copies the value into buf and returns its length. Where buf is too
// small it returns the length that is needed and ErrTooLarge.
func (c *ShardedCache) GetInto(buf []byte, key string) (int, bool, error) {
	n, status := c.fetch(buf, key)
	if status == C.MYNAH_OK {
		return n, true, nil
	}
	_, ok, err := found(status)
	return n, ok, err
}

func (c *ShardedCache) fetch(place []byte, key string) (int, C.mynah_status) {
	if c.heard {
		return c.fetchHeard(place, key)
	}
	var found C.go_found
	C.go_get(c.word(), letters(key), C.size_t(len(key)), bytes(place), C.size_t(len(place)), &found)
	runtime.KeepAlive(c)
	return int(found.len), found.status
}

func (c *ShardedCache) fetchHeard(place []byte, key string) (int, C.mynah_status) {
	var found C.go_found
	name, copied := strings.Clone(key), make([]byte, len(place))
	C.heard_get(c.word(), letters(name), C.size_t(len(name)), bytes(copied), C.size_t(len(copied)), &found)
	runtime.KeepAlive(c)
	if found.status == C.MYNAH_OK {
		copy(place, copied[:found.len])
	}
	return int(found.len), found.status
}

// SetBytes is Set without the boxing of the value.
func (c *ShardedCache) SetBytes(key string, value []byte, ttl time.Duration) error {
	return c.store(key, bytes(value), len(value), ttl)
}

// SetString is Set without the boxing of the value.
func (c *ShardedCache) SetString(key, value string, ttl time.Duration) error {
	return c.store(key, letters(value), len(value), ttl)
}

func (c *ShardedCache) store(key string, value *C.uchar, size int, ttl time.Duration) error {
	ms, err := ttlMs(ttl)
	if err != nil {
		return err
	}
	if c.heard {
		return c.storeHeard(key, value, size, ms)
	}
	var status C.mynah_status
	C.go_set(c.word(), letters(key), C.size_t(len(key)), value, C.size_t(size), ms, &status)
	runtime.KeepAlive(c)
	return stored(status, len(key)+size)
}

func (c *ShardedCache) storeHeard(key string, value *C.uchar, size int, ms C.uint64_t) error {
	var status C.mynah_status
	name, copied := strings.Clone(key), slices.Clone(unsafe.Slice(value, size))
	C.heard_set(c.word(), letters(name), C.size_t(len(name)), unsafe.SliceData(copied), C.size_t(size), ms, &status)
	runtime.KeepAlive(c)
	return stored(status, len(key)+size)
}

// stored is the error of a call that stores so many bytes.
func stored(status C.mynah_status, size int) error {
	if status == C.MYNAH_TOO_LARGE {
		return &Error{Status: int32(status), Message: fmt.Sprintf("entry: %d bytes are beyond max_entry_bytes, or half of max_memory_mb", size)}
	}
	return check(status)
}

// word is the handle as a number.
func (c *ShardedCache) word() C.uintptr_t { return C.uintptr_t(c.Handle()) }

// found turns a status that is not a hit into Get's answer.
func found(status C.mynah_status) ([]byte, bool, error) {
	if status == C.MYNAH_NOT_FOUND {
		return nil, false, nil
	}
	return nil, false, check(status)
}

func letters(s string) *C.uchar { return (*C.uchar)(unsafe.StringData(s)) }

func bytes(b []byte) *C.uchar { return (*C.uchar)(unsafe.SliceData(b)) }
