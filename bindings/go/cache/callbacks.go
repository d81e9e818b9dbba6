package cache

// Functions of the caller's. C holds a cgo.Handle to each and gives it back
// through on_destroy. What logs and alerts tell is copied where the library tells it, and
// goes to the function on a goroutine of the cache's. Departures are told at once:
// a cache that is cleared has any number of them, and none may be lost.

/*
#include <mynah.h>

extern void mynahGoEvict(uintptr_t user, void *key, size_t key_len, void *value, size_t value_len, int32_t reason);
extern void mynahGoCacheAlert(uintptr_t user, char *name, int32_t raised, double value, double threshold);
extern void mynahGoCacheLog(uintptr_t user, int32_t level, char *json, size_t len);
extern void mynahGoCacheDestroy(uintptr_t user);

static void on_evict(void *user, const void *key, size_t key_len, const void *value, size_t value_len, int32_t reason) {
	mynahGoEvict((uintptr_t)user, (void *)key, key_len, (void *)value, value_len, reason);
}

static void on_alert(void *user, const char *name, int32_t raised, double value, double threshold) {
	mynahGoCacheAlert((uintptr_t)user, (char *)name, raised, value, threshold);
}

static void on_log(void *user, int32_t level, const char *json, size_t len) {
	mynahGoCacheLog((uintptr_t)user, level, (char *)json, len);
}

static void on_destroy(void *user) { mynahGoCacheDestroy((uintptr_t)user); }

static mynah_status set_on_evict(mynah_cache_options *options, uintptr_t user) {
	return mynah_cache_options_on_evict(options, on_evict, (void *)user, on_destroy);
}

static mynah_status set_on_alert(mynah_cache_options *options, uintptr_t user) {
	return mynah_cache_options_on_alert(options, on_alert, (void *)user, on_destroy);
}

static mynah_status set_on_log(mynah_cache_options *options, int32_t level, uintptr_t user) {
	return mynah_cache_options_on_log(options, level, on_log, (void *)user, on_destroy);
}
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"

	"mynah/internal/lib"
)

// Reason says why an entry has left.
type Reason int32

// The reasons.
const (
	// ReasonCapacity: room for another entry was needed.
	ReasonCapacity Reason = C.MYNAH_EVICT_CAPACITY
	// ReasonMemory: its bytes were needed.
	ReasonMemory Reason = C.MYNAH_EVICT_MEMORY
	// ReasonExpired: its time was over.
	ReasonExpired Reason = C.MYNAH_EVICT_EXPIRED
	// ReasonReplaced: another value took its place.
	ReasonReplaced Reason = C.MYNAH_EVICT_REPLACED
	// ReasonRemoved: somebody removed it.
	ReasonRemoved Reason = C.MYNAH_EVICT_REMOVED
	// ReasonCleared: the cache was cleared.
	ReasonCleared Reason = C.MYNAH_EVICT_CLEARED
)

// Alert is a threshold that was crossed, or a figure that is back within it.
type Alert struct {
	// Option is the one that holds the threshold.
	Option string
	// Raised is false when the figure is back.
	Raised           bool
	Value, Threshold float64
}

// LogLevel is how grave a log record is.
type LogLevel = lib.LogLevel

// The levels.
const (
	LogDebug   = lib.LogDebug
	LogInfo    = lib.LogInfo
	LogWarning = lib.LogWarning
	LogError   = lib.LogError
)

// WithOnEvict has a function told of every entry that leaves, and why. It runs
// on the goroutine whose call made the entry leave, or on a thread of the
// library, before that call returns, which therefore takes as long as it does: it
// is to be quick. None is left out. A panic in it ends the program. A cache that
// has one is slower. With nil nobody is told.
func WithOnEvict(told func(key string, value []byte, reason Reason)) Option {
	if told == nil {
		return Option{none: true}
	}
	return Option{callback: func(options *C.mynah_cache_options, _ *lib.Notices) C.mynah_status {
		return C.set_on_evict(options, C.uintptr_t(cgo.NewHandle(told)))
	}}
}

// WithOnAlert has a function told when a threshold of the alert options is
// crossed, and when the figure is back. All that a cache tells but departures
// comes one after the other, on a goroutine of its own: no call waits for it, and
// it may call anything. Close waits until all has been told. While 10,000 things
// wait to be told, more are dropped. A panic in it ends the program. A cache that
// has one is slower. With nil nobody is told.
func WithOnAlert(told func(Alert)) Option {
	if told == nil {
		return Option{none: true}
	}
	return Option{callback: func(options *C.mynah_cache_options, to *lib.Notices) C.mynah_status {
		return C.set_on_alert(options, held(told, to))
	}}
}

// WithLog has a function told what the cache decides about itself (see
// WithAutoTuning), with the reason, as LogInfo, and of the thresholds that it
// crosses, as LogWarning: one JSON object each. As WithOnAlert otherwise.
func WithLog(least LogLevel, told func(level LogLevel, json []byte)) Option {
	if told == nil {
		return Option{none: true}
	}
	return Option{callback: func(options *C.mynah_cache_options, to *lib.Notices) C.mynah_status {
		return C.set_on_log(options, C.int32_t(least), held(told, to))
	}}
}

func held[F any](told F, to *lib.Notices) C.uintptr_t {
	return C.uintptr_t(cgo.NewHandle(lib.Listener[F]{Told: told, Notices: to}))
}

//export mynahGoEvict
func mynahGoEvict(user C.uintptr_t, key unsafe.Pointer, keyLen C.size_t, value unsafe.Pointer, valueLen C.size_t, reason C.int32_t) {
	told := cgo.Handle(user).Value().(func(string, []byte, Reason))
	name, data := string(lib.Copied(key, uint64(keyLen))), lib.Copied(value, uint64(valueLen))
	lib.Called(func() { told(name, data, Reason(reason)) })
}

//export mynahGoCacheAlert
func mynahGoCacheAlert(user C.uintptr_t, name *C.char, raised C.int32_t, value, threshold C.double) {
	to := cgo.Handle(user).Value().(lib.Listener[func(Alert)])
	alert := Alert{C.GoString(name), raised != 0, float64(value), float64(threshold)}
	to.Tell(func() { to.Told(alert) })
}

//export mynahGoCacheLog
func mynahGoCacheLog(user C.uintptr_t, level C.int32_t, json *C.char, size C.size_t) {
	to := cgo.Handle(user).Value().(lib.Listener[func(LogLevel, []byte)])
	record := lib.Copied(unsafe.Pointer(json), uint64(size))
	to.Tell(func() { to.Told(LogLevel(level), record) })
}

//export mynahGoCacheDestroy
func mynahGoCacheDestroy(user C.uintptr_t) { cgo.Handle(user).Delete() }
