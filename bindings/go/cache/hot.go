package cache

// The calls that a program makes a million times a second. Three things keep
// the crossing cheap: the C functions below take bytes instead of void, so cgo
// has no pointer to look into; one crossing does all of a look-up; and from Go
// 1.24 on hot_go124.go promises that nothing escapes and nothing calls back, so
// that keys and the scratch space stay on the stack.
//
// A callback of the caller's could make the stack grow, and so move, under the
// feet of C. So a cache that has one takes the second set of functions, which
// make no promise, with copies on the heap.

/*
#include <mynah.h>
#include <string.h>

typedef const unsigned char bytes;

static mynah_status go_get(mynah_cache *cache, bytes *key, size_t key_len,
                           unsigned char *place, size_t cap, size_t *len) {
	return mynah_cache_get_into(cache, key, key_len, place, cap, len);
}

static mynah_status go_set(mynah_cache *cache, bytes *key, size_t key_len,
                           bytes *value, size_t len, uint64_t ttl_ms) {
	return mynah_cache_set(cache, key, key_len, value, len, ttl_ms);
}

static mynah_status heard_get(mynah_cache *cache, bytes *key, size_t key_len,
                              unsigned char *place, size_t cap, size_t *len) {
	return mynah_cache_get_into(cache, key, key_len, place, cap, len);
}

static mynah_status heard_set(mynah_cache *cache, bytes *key, size_t key_len,
                              bytes *value, size_t len, uint64_t ttl_ms) {
	return mynah_cache_set(cache, key, key_len, value, len, ttl_ms);
}

*/
import "C"

import (
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
	var n C.size_t
	status := C.go_get(c.handle, letters(key), C.size_t(len(key)), bytes(place), C.size_t(len(place)), &n)
	runtime.KeepAlive(c)
	return int(n), status
}

func (c *ShardedCache) fetchHeard(place []byte, key string) (int, C.mynah_status) {
	var n C.size_t
	name, copied := strings.Clone(key), make([]byte, len(place))
	status := C.heard_get(c.handle, letters(name), C.size_t(len(name)), bytes(copied), C.size_t(len(copied)), &n)
	runtime.KeepAlive(c)
	copy(place, copied)
	return int(n), status
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
		name, copied := strings.Clone(key), slices.Clone(unsafe.Slice(value, size))
		status := C.heard_set(c.handle, letters(name), C.size_t(len(name)), unsafe.SliceData(copied), C.size_t(size), ms)
		runtime.KeepAlive(c)
		return check(status)
	}
	status := C.go_set(c.handle, letters(key), C.size_t(len(key)), value, C.size_t(size), ms)
	runtime.KeepAlive(c)
	return check(status)
}

// found turns a status that is not a hit into Get's answer.
func found(status C.mynah_status) ([]byte, bool, error) {
	if status == C.MYNAH_NOT_FOUND {
		return nil, false, nil
	}
	return nil, false, check(status)
}

func letters(s string) *C.uchar { return (*C.uchar)(unsafe.StringData(s)) }

func bytes(b []byte) *C.uchar { return (*C.uchar)(unsafe.SliceData(b)) }
