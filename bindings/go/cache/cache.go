// Package cache is libmynah's in-process cache: sharded, bounded, off Go's heap.
//
//	c := cache.NewShardedCache(
//		cache.WithWorkloadType(cache.WorkloadReadHeavy),
//		cache.WithCapacity(100000),
//		cache.WithTTL(time.Hour),
//	)
//	defer c.Close()
//	c.Set("greeting", "hello", 0)
//	value, ok, err := c.Get("greeting")
//
// Only C lends values without a copy, gives out claims by themselves, and reads or
// describes options as JSON.
//
// The library is found through pkg-config; with the build tag mynah_static it
// is linked into the program.
package cache

/*
#cgo !mynah_static pkg-config: mynah
#cgo mynah_static pkg-config: mynah-static
#cgo mynah_static CFLAGS: -DMYNAH_STATIC
#include <mynah.h>
*/
import "C"

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"time"
	"unsafe"

	"mynah/internal/lib"
)

// Version is the library's, such as 0.1.0.
func Version() string { return lib.Version() }

// ABIVersion is the number of the library's binary interface: a program works with
// every library that answers the same.
func ABIVersion() uint32 { return lib.ABIVersion() }

// BuildInfo is how the library was built: version, target, features, compiler.
func BuildInfo() (json.RawMessage, error) { return lib.BuildInfo() }

// Forever is a TTL that never runs out.
const Forever time.Duration = math.MaxInt64

// ShardedCache keeps bytes under keys. It may be used by any number of
// goroutines at once. Close it; one that is forgotten is freed when it is
// collected.
type ShardedCache struct {
	handle *C.mynah_cache
	// heard: functions of the caller's are told of what happens.
	heard   bool
	notices *lib.Notices
	flights flights
}

// New makes a cache, or says which option is wrong.
func New(opts ...Option) (*ShardedCache, error) {
	options := C.mynah_cache_options_new()
	defer C.mynah_cache_options_free(options)
	cache := &ShardedCache{notices: &lib.Notices{}}
	for _, opt := range opts {
		if err := opt.apply(options, cache.notices); err != nil {
			return nil, err
		}
		cache.heard = cache.heard || opt.callback != nil
	}
	var failure *C.mynah_error
	if err := told(C.mynah_cache_new(options, &cache.handle, &failure), failure); err != nil {
		return nil, err
	}
	lib.Cleanup(cache, (*ShardedCache).free)
	return cache, nil
}

// NewShardedCache is New for options that are known to be right: it panics
// where they are not, as regexp.MustCompile does.
func NewShardedCache(opts ...Option) *ShardedCache {
	cache, err := New(opts...)
	if err != nil {
		panic("cache.NewShardedCache: " + err.Error())
	}
	return cache
}

// Close frees the cache; later calls fail with ErrInvalidHandle, and so may those
// that meet it, or with ErrClosed. Doing it again, or on nil, does nothing.
func (c *ShardedCache) Close() error {
	if !lib.Closed(c) {
		return nil
	}
	c.free()
	c.notices.Wait()
	return nil
}

func (c *ShardedCache) free() { C.mynah_cache_free(c.handle) }

// Handle is the word that names the cache in the library, for packages of this
// binding that share it.
func (c *ShardedCache) Handle() uintptr { return uintptr(unsafe.Pointer(c.handle)) }

// Set stores a string, bytes, what marshals itself to binary or text, such as an
// answer of package llm, or else what has a string's or bytes' underlying type,
// such as a json.RawMessage. A ttl of 0 is the cache's own; a negative one is
// an error.
func (c *ShardedCache) Set(key string, value any, ttl time.Duration) error {
	switch value := value.(type) {
	case string:
		return c.SetString(key, value, ttl)
	case []byte:
		return c.SetBytes(key, value, ttl)
	}
	of := reflect.ValueOf(value)
	if of.Kind() == reflect.Pointer && of.IsNil() {
		return fmt.Errorf("cache.Set: a nil %T", value)
	}
	if data, is, err := marshaled(value, of); is || err != nil {
		if err != nil {
			return err
		}
		return c.SetBytes(key, data, ttl)
	}
	switch {
	case of.Kind() == reflect.String:
		return c.SetString(key, of.String(), ttl)
	case of.Kind() == reflect.Slice && of.Type().Elem().Kind() == reflect.Uint8:
		return c.SetBytes(key, of.Bytes(), ttl)
	}
	return fmt.Errorf("cache.Set: a %T is no string, no bytes, and does not marshal itself", value)
}

// marshaled is what a value makes of itself, if it does; a copy's address is asked where
// only pointers of its type do.
func marshaled(value any, of reflect.Value) (data []byte, is bool, err error) {
	switch value := value.(type) {
	case encoding.BinaryMarshaler:
		data, err = value.MarshalBinary()
		return data, true, err
	case encoding.TextMarshaler:
		data, err = value.MarshalText()
		return data, true, err
	}
	if of.Kind() != reflect.Struct {
		return nil, false, nil
	}
	copied := reflect.New(of.Type())
	copied.Elem().Set(of)
	return marshaled(copied.Interface(), copied)
}

// SetNegative stores for ttl that there is nothing under a key: it is not found,
// and GetOrLoad answers ErrNotFound without a load.
func (c *ShardedCache) SetNegative(key string, ttl time.Duration) error {
	defer runtime.KeepAlive(c)
	ms, err := ttlMs(ttl)
	if err != nil {
		return err
	}
	data, size := text(key)
	return stored(C.mynah_cache_set_negative(c.handle, data, size, ms), len(key))
}

// Contains is true for a live entry; it counts as no use of it.
func (c *ShardedCache) Contains(key string) (bool, error) {
	defer runtime.KeepAlive(c)
	data, size := text(key)
	return isFound(C.mynah_cache_contains(c.handle, data, size))
}

// Touch gives a live entry another lifetime from now, and returns whether
// there was one.
func (c *ShardedCache) Touch(key string, ttl time.Duration) (bool, error) {
	defer runtime.KeepAlive(c)
	ms, err := ttlMs(ttl)
	if err != nil {
		return false, err
	}
	data, size := text(key)
	return isFound(C.mynah_cache_touch(c.handle, data, size, ms))
}

// Remove returns whether there was an entry.
func (c *ShardedCache) Remove(key string) (bool, error) {
	defer runtime.KeepAlive(c)
	data, size := text(key)
	return isFound(C.mynah_cache_remove(c.handle, data, size))
}

// RemovePrefix removes every key that begins so and returns how many.
func (c *ShardedCache) RemovePrefix(prefix string) (uint64, error) {
	defer runtime.KeepAlive(c)
	data, size := text(prefix)
	var removed C.uint64_t
	err := check(C.mynah_cache_remove_prefix(c.handle, data, size, &removed))
	return uint64(removed), err
}

// Clear removes every entry.
func (c *ShardedCache) Clear() error {
	defer runtime.KeepAlive(c)
	return check(C.mynah_cache_clear(c.handle))
}

// Resize changes the number of shards while the cache is in use.
func (c *ShardedCache) Resize(shards uint32) error {
	defer runtime.KeepAlive(c)
	var failure *C.mynah_error
	return told(C.mynah_cache_resize(c.handle, C.uint32_t(shards), &failure), failure)
}

// SetCapacity changes the most entries while the cache is in use.
func (c *ShardedCache) SetCapacity(entries uint64) error {
	defer runtime.KeepAlive(c)
	var failure *C.mynah_error
	return told(C.mynah_cache_set_capacity(c.handle, C.uint64_t(entries), &failure), failure)
}

// Len is the number of entries.
func (c *ShardedCache) Len() int {
	defer runtime.KeepAlive(c)
	return int(C.mynah_cache_len(c.handle))
}

// Capacity is the most entries.
func (c *ShardedCache) Capacity() uint64 {
	defer runtime.KeepAlive(c)
	return uint64(C.mynah_cache_capacity(c.handle))
}

// MemoryBytes is what is accounted.
func (c *ShardedCache) MemoryBytes() int64 {
	defer runtime.KeepAlive(c)
	return int64(C.mynah_cache_memory_bytes(c.handle))
}

// GetShardCount is the number of independently locked parts.
func (c *ShardedCache) GetShardCount() uint32 {
	defer runtime.KeepAlive(c)
	return uint32(C.mynah_cache_shard_count(c.handle))
}

// ttlMs is a lifetime as the library has it. What is over already, such as the
// time until a deadline that has passed, must not become the cache's own.
func ttlMs(ttl time.Duration) (C.uint64_t, error) {
	switch {
	case ttl == Forever:
		return C.MYNAH_TTL_NEVER, nil
	case ttl < 0:
		return 0, &Error{Status: ErrOutOfRange.Status, Message: fmt.Sprint("ttl: ", ttl, " is negative")}
	}
	return C.uint64_t(lib.In(ttl, time.Millisecond)), nil
}

func text(s string) (unsafe.Pointer, C.size_t) {
	return unsafe.Pointer(unsafe.StringData(s)), C.size_t(len(s))
}

func isFound(status C.mynah_status) (bool, error) {
	if status == C.MYNAH_NOT_FOUND {
		return false, nil
	}
	return status == C.MYNAH_OK, check(status)
}

func check(status C.mynah_status) error { return lib.Check(int32(status), nil) }

func told(status C.mynah_status, failure *C.mynah_error) error {
	return lib.Check(int32(status), unsafe.Pointer(failure))
}
