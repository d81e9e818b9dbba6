package cache

/*
#include <mynah.h>
#include <stdlib.h>
*/
import "C"

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"mynah/internal/lib"
)

// flights are the loads of one cache that run in this program. The library has
// the claims; a goroutine that waits for another's load waits here, where it
// holds no thread.
type flights struct {
	mu   sync.Mutex
	open map[string]*flight
}

type flight struct {
	done  chan struct{}
	value []byte
	err   error
}

// errAbandoned is a load that told nothing: its context ended, or it panicked.
var errAbandoned = errors.New("abandoned")

// GetOrLoad returns the value, or has one caller of all load it and stores it
// for ttl. With WithStaleWhileRevalidate the others get the old value
// meanwhile. A load that fails, fails for all who waited, and stores nothing;
// one that fails because its own context ended leaves the load to another. All
// get what was loaded, and no error, also if it cannot be stored, because it is
// too large or its shard is busy. A load that asks for its own key waits for
// itself, until its context ends.
func (c *ShardedCache) GetOrLoad(ctx context.Context, key string, ttl time.Duration, load func(context.Context) ([]byte, error)) ([]byte, error) {
	ms, err := ttlMs(ttl)
	if err != nil {
		return nil, err
	}
	for counts := true; ; counts = false {
		if ctx.Err() != nil {
			return nil, lib.Over(ctx)
		}
		value, claim, err := c.claim(key, counts)
		switch {
		case err == nil && claim == nil:
			return value, nil
		case err == nil:
			return c.flights.lead(ctx, key, ms, claim, load)
		case !errors.Is(err, ErrTimeout):
			return nil, err
		}
		value, err = c.flights.follow(ctx, key)
		if err != errAbandoned {
			return value, err
		}
	}
}

// Warm loads what is not there, and not being loaded already, one key after the
// other, and returns how many of the keys are there then. A load that fails leaves
// its key out, and its error is told to nobody but who waits for that key; a context
// that ends, ends it, while a shard that is not free is waited for. What it looks up
// counts as neither hit nor miss.
func (c *ShardedCache) Warm(ctx context.Context, keys []string, ttl time.Duration, load func(ctx context.Context, key string) ([]byte, error)) (int, error) {
	ms, err := ttlMs(ttl)
	if err != nil {
		return 0, err
	}
	loaded := 0
	for _, key := range keys {
		if ctx.Err() != nil {
			return loaded, lib.Over(ctx)
		}
		there, err := c.holds(key)
		if !there && err == nil {
			there, err = c.warmed(ctx, key, ms, load)
		}
		if err != nil {
			return loaded, err
		}
		if there {
			loaded++
		}
	}
	return loaded, nil
}

func (c *ShardedCache) warmed(ctx context.Context, key string, ms C.uint64_t, load func(context.Context, string) ([]byte, error)) (bool, error) {
	claim, err := patiently(func() (*C.mynah_claim, error) {
		_, claim, err := c.claim(key, false)
		return claim, err
	})
	switch {
	case errors.Is(err, ErrTimeout), errors.Is(err, ErrNotFound): // being loaded; known to be none
		return false, nil
	case claim == nil:
		return err == nil, err
	}
	_, failed := c.flights.lead(ctx, key, ms, claim, func(ctx context.Context) ([]byte, error) { return load(ctx, key) })
	switch {
	case failed == nil:
		return c.holds(key)
	case ctx.Err() != nil:
		return false, lib.Over(ctx)
	}
	return false, nil
}

// holds is Contains, however long a shard is not free.
func (c *ShardedCache) holds(key string) (bool, error) {
	return patiently(func() (bool, error) { return c.Contains(key) })
}

// patiently asks again for as long as a shard is not free: half of what has begun is
// of no use.
func patiently[T any](ask func() (T, error)) (T, error) {
	for {
		answer, err := ask()
		if !errors.Is(err, ErrBusy) {
			return answer, err
		}
	}
}

// claim finds the value, or takes the duty to load it; ErrTimeout: another has.
// It counts unless it goes on with a look-up that has been counted, or nobody asked.
func (c *ShardedCache) claim(key string, counts bool) ([]byte, *C.mynah_claim, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	var claim *C.mynah_claim
	var status C.mynah_status
	data, size := text(key)
	if counts {
		status = C.mynah_cache_get_or_claim(c.handle, data, size, 0, nil, &value, &claim)
	} else {
		status = C.mynah_cache_wait_or_claim(c.handle, data, size, 0, nil, &value, &claim, nil)
	}
	if err := check(status); err != nil {
		return nil, nil, err
	}
	if value == nil {
		return nil, claim, nil
	}
	return lib.Take(unsafe.Pointer(value)), nil, nil
}

func (f *flights) lead(ctx context.Context, key string, ms C.uint64_t, claim *C.mynah_claim, load func(context.Context) ([]byte, error)) ([]byte, error) {
	own := &flight{done: make(chan struct{}), err: errAbandoned}
	f.mu.Lock()
	if f.open == nil {
		f.open = map[string]*flight{}
	}
	f.open[key] = own
	f.mu.Unlock()
	defer func() {
		C.mynah_claim_free(claim) // unsettled it passes to the next
		f.mu.Lock()
		if f.open[key] == own { // by now it may be another's
			delete(f.open, key)
		}
		f.mu.Unlock()
		close(own.done)
	}()
	value, err := load(ctx)
	if err != nil {
		if ctx.Err() == nil {
			own.err = err
			message := C.CString(err.Error())
			defer C.free(unsafe.Pointer(message))
			C.mynah_claim_fail(claim, C.MYNAH_INTERNAL, message)
		}
		return nil, err
	}
	own.value, own.err = append([]byte{}, value...), nil
	C.mynah_claim_fill(claim, lib.Data(value), C.size_t(len(value)), ms)
	return value, nil
}

// storedPause is after how long a goroutine that waits for a load looks whether
// somebody has stored the value without it.
const storedPause = 10 * time.Millisecond

// follow waits for a load of this program's; one of somebody else's is asked
// after again in a moment, and whether the value was stored without it.
func (f *flights) follow(ctx context.Context, key string) ([]byte, error) {
	f.mu.Lock()
	other := f.open[key]
	f.mu.Unlock()
	if other == nil {
		time.Sleep(time.Millisecond)
		return nil, errAbandoned
	}
	pause := time.NewTimer(storedPause)
	defer pause.Stop()
	select {
	case <-other.done:
		return append([]byte(nil), other.value...), other.err
	case <-pause.C:
		return nil, errAbandoned
	case <-ctx.Done():
		return nil, lib.Over(ctx)
	}
}

// Range calls a function with each live entry until it returns false. What is
// there from beginning to end comes exactly once, however the cache is resized
// meanwhile and however long a shard is not free.
func (c *ShardedCache) Range(each func(key string, value []byte) bool) error {
	defer runtime.KeepAlive(c)
	var iter *C.mynah_cache_iter
	if err := check(C.mynah_cache_iter_new(c.handle, &iter)); err != nil {
		return err
	}
	defer C.mynah_cache_iter_free(iter)
	for {
		var key, value *C.mynah_value
		ok, err := patiently(func() (bool, error) {
			return isFound(C.mynah_cache_iter_next(iter, &key, &value))
		})
		if !ok {
			return err
		}
		if !each(string(lib.Take(unsafe.Pointer(key))), lib.Take(unsafe.Pointer(value))) {
			return nil
		}
	}
}
