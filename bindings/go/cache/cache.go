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
// The library is found through pkg-config.
package cache

/*
#cgo pkg-config: mynah
#include <mynah.h>
#include <stdlib.h>
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"time"
	"unsafe"
)

// Forever is a TTL that never runs out.
const Forever time.Duration = math.MaxInt64

// ShardedCache keeps bytes under keys. It may be used by any number of
// goroutines at once. Close it; one that is forgotten is freed when it is
// collected.
type ShardedCache struct {
	handle *C.mynah_cache
}

// New makes a cache, or says which option is wrong.
func New(opts ...Option) (*ShardedCache, error) {
	options := C.mynah_cache_options_new()
	defer C.mynah_cache_options_free(options)
	for _, opt := range opts {
		if err := opt.set(options); err != nil {
			return nil, err
		}
	}
	var failure *C.mynah_error
	cache := &ShardedCache{}
	if status := C.mynah_cache_new(options, &cache.handle, &failure); status != C.MYNAH_OK {
		return nil, newError(status, failure)
	}
	runtime.SetFinalizer(cache, (*ShardedCache).Close)
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

// Close frees the cache; later calls fail with ErrInvalidHandle. Doing it again
// does nothing.
func (c *ShardedCache) Close() error {
	runtime.SetFinalizer(c, nil)
	C.mynah_cache_free(c.handle)
	return nil
}

// Get returns a copy of the value, and false when the key is absent or expired.
func (c *ShardedCache) Get(key string) ([]byte, bool, error) {
	defer runtime.KeepAlive(c)
	var found *C.mynah_value
	data, size := text(key)
	status := C.mynah_cache_get(c.handle, data, size, &found)
	if status == C.MYNAH_NOT_FOUND {
		return nil, false, nil
	}
	if status != C.MYNAH_OK {
		return nil, false, newError(status, nil)
	}
	return take(found), true, nil
}

// Set stores a string or bytes. A ttl of 0 is the cache's own.
func (c *ShardedCache) Set(key string, value any, ttl time.Duration) error {
	defer runtime.KeepAlive(c)
	var data unsafe.Pointer
	var size C.size_t
	switch value := value.(type) {
	case string:
		data, size = text(value)
	case []byte:
		data, size = unsafe.Pointer(unsafe.SliceData(value)), C.size_t(len(value))
	default:
		return fmt.Errorf("cache.Set: a %T is neither a string nor bytes", value)
	}
	k, n := text(key)
	return check(C.mynah_cache_set(c.handle, k, n, data, size, ttlMs(ttl)))
}

// Remove returns whether there was an entry.
func (c *ShardedCache) Remove(key string) (bool, error) {
	defer runtime.KeepAlive(c)
	data, size := text(key)
	status := C.mynah_cache_remove(c.handle, data, size)
	if status == C.MYNAH_NOT_FOUND {
		return false, nil
	}
	return status == C.MYNAH_OK, check(status)
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
	if status := C.mynah_cache_resize(c.handle, C.uint32_t(shards), &failure); status != C.MYNAH_OK {
		return newError(status, failure)
	}
	return nil
}

// Len is the number of live entries.
func (c *ShardedCache) Len() int {
	defer runtime.KeepAlive(c)
	return int(C.mynah_cache_len(c.handle))
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

// MetricsJSON is everything that is measured, under the library's own names.
func (c *ShardedCache) MetricsJSON() (json.RawMessage, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	if status := C.mynah_cache_metrics_json(c.handle, &value); status != C.MYNAH_OK {
		return nil, newError(status, nil)
	}
	return take(value), nil
}

func ttlMs(ttl time.Duration) C.uint64_t {
	switch {
	case ttl == Forever:
		return C.MYNAH_TTL_NEVER
	case ttl <= 0:
		return C.MYNAH_TTL_DEFAULT
	case ttl < time.Millisecond:
		return 1
	}
	return C.uint64_t(ttl / time.Millisecond)
}

func text(s string) (unsafe.Pointer, C.size_t) {
	return unsafe.Pointer(unsafe.StringData(s)), C.size_t(len(s))
}

func take(value *C.mynah_value) []byte {
	defer C.mynah_value_free(value)
	data := unsafe.Slice((*byte)(C.mynah_value_data(value)), int(C.mynah_value_len(value)))
	return append(make([]byte, 0, len(data)), data...)
}
