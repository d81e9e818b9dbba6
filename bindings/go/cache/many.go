package cache

// Many keys in one crossing, which costs more than a hit.

/*
#include <mynah.h>

typedef const unsigned char bytes;

static mynah_status go_get_many(mynah_cache *cache, bytes *keys, const size_t *key_lens, size_t count,
                                unsigned char *place, size_t cap, size_t *offsets, size_t *lens, size_t *needed) {
	return mynah_cache_get_many_into(cache, keys, key_lens, count, place, cap, offsets, lens, needed);
}

static mynah_status go_set_many(mynah_cache *cache, bytes *keys, const size_t *key_lens, bytes *values,
                                const size_t *lens, size_t count, uint64_t ttl_ms) {
	return mynah_cache_set_many(cache, keys, key_lens, values, lens, count, ttl_ms);
}
*/
import "C"

import (
	"math"
	"runtime"
	"slices"
	"time"
	"unsafe"
)

// Found is what GetMany found: a place to keep and give to it again, so that
// nothing is allocated.
type Found struct {
	keys    []byte
	keyLens []C.size_t
	values  []byte
	lens    []C.size_t
	offsets []C.size_t
}

// Len is the number of keys that were asked for.
func (f *Found) Len() int { return len(f.lens) }

// Value is the i-th key's, and false for a miss. It is valid until the next
// GetMany with the same Found.
func (f *Found) Value(i int) ([]byte, bool) {
	if f.lens[i] == math.MaxUint {
		return nil, false
	}
	from, to := f.offsets[i], f.offsets[i]+f.lens[i]
	return f.values[from:to:to], true
}

// GetMany looks many keys up in one crossing. After an error none is found.
func (c *ShardedCache) GetMany(keys []string, into *Found) error {
	defer runtime.KeepAlive(c)
	into.begin(keys)
	for {
		into.values = into.values[:cap(into.values)]
		var needed C.size_t
		status := C.go_get_many(c.handle, bytes(into.keys), sizes(into.keyLens), C.size_t(len(keys)),
			bytes(into.values), C.size_t(len(into.values)), sizes(into.offsets), sizes(into.lens), &needed)
		if status == C.MYNAH_OK {
			return nil
		}
		if status != C.MYNAH_TOO_LARGE {
			into.nothing()
			return check(status)
		}
		// Other goroutines may store longer ones meanwhile: hence the loop.
		into.values = slices.Grow(into.values[:0], int(needed))
	}
}

func (f *Found) nothing() {
	for i := range f.lens {
		f.lens[i] = math.MaxUint
	}
}

func (f *Found) begin(keys []string) {
	n := len(keys)
	f.lens = slices.Grow(f.lens[:0], n)[:n]
	f.offsets = slices.Grow(f.offsets[:0], n)[:n]
	f.keyLens = slices.Grow(f.keyLens[:0], n)[:n]
	lens, packed := f.keyLens, f.keys[:0]
	for i, key := range keys {
		lens[i] = C.size_t(len(key))
		packed = append(packed, key...)
	}
	f.keys = packed
}

// Entry is a key and its value.
type Entry struct {
	Key   string
	Value []byte
}

// SetMany stores many entries in one crossing.
func (c *ShardedCache) SetMany(entries []Entry, ttl time.Duration) error {
	defer runtime.KeepAlive(c)
	ms, err := ttlMs(ttl)
	if err != nil {
		return err
	}
	var keys, values []byte
	keyLens, lens := make([]C.size_t, 0, len(entries)), make([]C.size_t, 0, len(entries))
	largest := 0
	for _, entry := range entries {
		largest = max(largest, len(entry.Key)+len(entry.Value))
		keys, values = append(keys, entry.Key...), append(values, entry.Value...)
		keyLens, lens = append(keyLens, C.size_t(len(entry.Key))), append(lens, C.size_t(len(entry.Value)))
	}
	return stored(C.go_set_many(c.handle, bytes(keys), sizes(keyLens), bytes(values), sizes(lens),
		C.size_t(len(entries)), ms), largest)
}

func sizes(s []C.size_t) *C.size_t { return unsafe.SliceData(s) }
