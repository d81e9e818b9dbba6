package llm

/*
#include <mynah.h>
*/
import "C"

import (
	"fmt"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	"mynah/cache"
	"mynah/internal/lib"
)

// Option is a setting of a client, or of one call. The library checks it, and
// says the range; a call refuses what only a client has.
type Option func(*settings)

type pair struct{ name, value string }

// callback installs a function of the caller's.
type callback func(*C.mynah_client_options, *lib.Notices) C.mynah_status

// settings is what options add up to.
type settings struct {
	pairs       []pair
	tools       []Tool
	cache       *cache.ShardedCache
	callbacks   []callback
	concurrency int
}

func gather(opts []Option) *settings {
	s := &settings{}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

func (s *settings) intoClient(options *C.mynah_client_options, to *lib.Notices) error {
	for _, pair := range s.pairs {
		err := named(pair, func(name, value *C.char, failure **C.mynah_error) C.mynah_status {
			return C.mynah_client_options_set(options, name, value, failure)
		})
		if err != nil {
			return err
		}
	}
	for _, install := range s.callbacks {
		if err := lib.Installed(int32(install(options, to))); err != nil {
			return err
		}
	}
	if s.cache == nil {
		return nil
	}
	defer runtime.KeepAlive(s.cache)
	word := s.cache.Handle()
	return told(C.mynah_client_options_set_cache(options, *(**C.mynah_cache)(unsafe.Pointer(&word))), nil)
}

// With sets any option by the library's own name. The value `default`
// withdraws it; `unset` removes what a layer or the client would set.
func With(name, value string) Option {
	return func(s *settings) { s.pairs = append(s.pairs, pair{name, value}) }
}

func of(name string, value any) Option {
	if f, ok := value.(float64); ok {
		return With(name, strconv.FormatFloat(f, 'f', -1, 64))
	}
	return With(name, fmt.Sprint(value))
}

func in(name string, d time.Duration) Option { return of(name, lib.In(d, time.Millisecond)) }

func each(name string, values []string) Option {
	return func(s *settings) {
		for _, value := range values {
			s.pairs = append(s.pairs, pair{name, value})
		}
	}
}

func all(opts ...Option) Option {
	return func(s *settings) {
		for _, opt := range opts {
			opt(s)
		}
	}
}

// WithCache is cache_enabled and cache_ttl_ms: answers repeated requests from
// the response cache, for so long.
func WithCache(on bool, ttl time.Duration) Option {
	return all(WithCacheEnabled(on), WithCacheTTL(ttl))
}

// WithSharedCache keeps answers in a cache that clients share; nil: in none.
func WithSharedCache(shared *cache.ShardedCache) Option {
	return func(s *settings) { s.cache = shared }
}

// WithConcurrency is how many of the client's calls run at one time; each takes
// a thread of the library, with 2 MiB of addresses for its stack. More wait, in
// order, where the errors and figures of the library call it max_workers. 0: 128.
// Of tiers, the largest of their clients' holds.
func WithConcurrency(n int) Option { return func(s *settings) { s.concurrency = n } }

// WithTools lets the model call functions. For a call only.
func WithTools(tools ...Tool) Option {
	return func(s *settings) { s.tools = append(s.tools, tools...) }
}

// WithToolChoice is tool_choice: auto, none, required, or the name of a
// function as JSON. For a call only.
func WithToolChoice(choice string) Option { return With("tool_choice", choice) }

// WithResponseFormat is response_format: the JSON of OpenAI's field, such as a
// schema. For a call only.
func WithResponseFormat(json string) Option { return With("response_format", json) }

// WithExtraJSON is extra_json: merged last into the body that is sent. For a
// call only.
func WithExtraJSON(json string) Option { return With("extra_json", json) }

// CacheMode says how one call uses the response cache.
type CacheMode string

// The modes.
const (
	CacheDefault CacheMode = "default"
	CacheBypass  CacheMode = "bypass"
	CacheRefresh CacheMode = "refresh"
	CacheOnly    CacheMode = "only"
)

// WithCacheMode is cache. For a call only.
func WithCacheMode(mode CacheMode) Option { return of("cache", mode) }
