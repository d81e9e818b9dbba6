package llm

// Functions of the caller's. C holds a cgo.Handle to each and gives it back
// through on_destroy. What logs, alerts and breakers tell is copied where the
// library tells it, and goes to the function on a goroutine of the client's.

/*
#include <mynah.h>

extern void mynahGoLog(uintptr_t user, int32_t level, char *json, size_t len);
extern void mynahGoBreaker(uintptr_t user, int32_t from, int32_t to, char *reason);
extern void mynahGoAlert(uintptr_t user, char *name, int32_t raised, double value, double threshold);
extern double mynahGoComplexity(uintptr_t user, char *text, size_t len, size_t messages);
extern void mynahGoProgress(uintptr_t user, size_t done, size_t total);
extern void mynahGoDestroy(uintptr_t user);

static void on_log(void *user, int32_t level, const char *json, size_t len) {
	mynahGoLog((uintptr_t)user, level, (char *)json, len);
}

static void on_breaker(void *user, int32_t from, int32_t to, const char *reason) {
	mynahGoBreaker((uintptr_t)user, from, to, (char *)reason);
}

static void on_alert(void *user, const char *name, int32_t raised, double value, double threshold) {
	mynahGoAlert((uintptr_t)user, (char *)name, raised, value, threshold);
}

static double on_complexity(void *user, const char *text, size_t len, size_t messages) {
	return mynahGoComplexity((uintptr_t)user, (char *)text, len, messages);
}

static void on_destroy(void *user) { mynahGoDestroy((uintptr_t)user); }

static mynah_status set_on_log(mynah_client_options *options, int32_t level, uintptr_t user) {
	return mynah_client_options_on_log(options, level, on_log, (void *)user, on_destroy);
}

static mynah_status set_on_breaker(mynah_client_options *options, uintptr_t user) {
	return mynah_client_options_on_breaker(options, on_breaker, (void *)user, on_destroy);
}

static mynah_status set_on_alert(mynah_client_options *options, uintptr_t user) {
	return mynah_client_options_on_alert(options, on_alert, (void *)user, on_destroy);
}

static mynah_status set_on_complexity(mynah_tiered *tiered, uintptr_t user) {
	return mynah_tiered_on_complexity(tiered, on_complexity, (void *)user, on_destroy);
}
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"

	"mynah/internal/lib"
)

// LogLevel is how grave a log record is.
type LogLevel = lib.LogLevel

// The levels.
const (
	LogDebug   = lib.LogDebug
	LogInfo    = lib.LogInfo
	LogWarning = lib.LogWarning
	LogError   = lib.LogError
)

// BreakerState is a state of the circuit breaker, in the word of the figures and
// the logs.
type BreakerState string

// The states.
const (
	BreakerClosed   BreakerState = "closed"
	BreakerOpen     BreakerState = "open"
	BreakerHalfOpen BreakerState = "half_open"
)

var breakerStates = [...]BreakerState{
	C.MYNAH_BREAKER_CLOSED: BreakerClosed, C.MYNAH_BREAKER_OPEN: BreakerOpen, C.MYNAH_BREAKER_HALF_OPEN: BreakerHalfOpen,
}

// Alert is a threshold that was crossed, or a figure that is back within it.
type Alert struct {
	// Option is the one that holds the threshold.
	Option string
	// Raised is false when the figure is back.
	Raised           bool
	Value, Threshold float64
}

// WithLog has a function told of each call that ends, retries, breaker changes
// and alerts: one JSON object, without keys and prompts. All that a client tells
// comes one after the other, on a goroutine of its own: no call waits for it, and
// it may call anything. Close waits until all has been told. While 10,000 things
// wait to be told, more are dropped. A panic in it ends the program. With nil
// nobody is told.
func WithLog(least LogLevel, told func(level LogLevel, json []byte)) Option {
	return installed(told != nil, func(options *C.mynah_client_options, to *lib.Notices) C.mynah_status {
		return C.set_on_log(options, C.int32_t(least), held(told, to))
	})
}

// WithOnBreaker has a function told when the circuit breaker changes. As
// WithLog otherwise.
func WithOnBreaker(told func(from, to BreakerState, reason string)) Option {
	return installed(told != nil, func(options *C.mynah_client_options, to *lib.Notices) C.mynah_status {
		return C.set_on_breaker(options, held(told, to))
	})
}

// WithOnAlert has a function told when a threshold of the alert options is
// crossed, and when the figure is back. As WithLog otherwise.
func WithOnAlert(told func(Alert)) Option {
	return installed(told != nil, func(options *C.mynah_client_options, to *lib.Notices) C.mynah_status {
		return C.set_on_alert(options, held(told, to))
	})
}

func installed(wanted bool, callback callback) Option {
	return func(s *settings) {
		if wanted {
			s.callbacks = append(s.callbacks, callback)
		}
	}
}

func held[F any](told F, to *lib.Notices) C.uintptr_t {
	return C.uintptr_t(cgo.NewHandle(lib.Listener[F]{Told: told, Notices: to}))
}

func setComplexity(tiered *C.mynah_tiered, check ComplexityFunc) error {
	return told(C.set_on_complexity(tiered, C.uintptr_t(cgo.NewHandle(check))), nil)
}

//export mynahGoLog
func mynahGoLog(user C.uintptr_t, level C.int32_t, json *C.char, size C.size_t) {
	to := cgo.Handle(user).Value().(lib.Listener[func(LogLevel, []byte)])
	record := lib.Copied(unsafe.Pointer(json), uint64(size))
	to.Tell(func() { to.Told(LogLevel(level), record) })
}

//export mynahGoBreaker
func mynahGoBreaker(user C.uintptr_t, from, to C.int32_t, reason *C.char) {
	of := cgo.Handle(user).Value().(lib.Listener[func(from, to BreakerState, reason string)])
	why := C.GoString(reason)
	of.Tell(func() { of.Told(breakerStates[from], breakerStates[to], why) })
}

//export mynahGoAlert
func mynahGoAlert(user C.uintptr_t, name *C.char, raised C.int32_t, value, threshold C.double) {
	to := cgo.Handle(user).Value().(lib.Listener[func(Alert)])
	alert := Alert{C.GoString(name), raised != 0, float64(value), float64(threshold)}
	to.Tell(func() { to.Told(alert) })
}

//export mynahGoComplexity
func mynahGoComplexity(user C.uintptr_t, text *C.char, size, messages C.size_t) (hard C.double) {
	check := cgo.Handle(user).Value().(ComplexityFunc)
	last := string(lib.Copied(unsafe.Pointer(text), uint64(size)))
	lib.Called(func() { hard = C.double(check(last, int(messages))) })
	return hard
}

//export mynahGoProgress
func mynahGoProgress(user C.uintptr_t, done, total C.size_t) {
	told := cgo.Handle(user).Value().(func(done, total int))
	lib.Called(func() { told(int(done), int(total)) })
}

//export mynahGoDestroy
func mynahGoDestroy(user C.uintptr_t) { cgo.Handle(user).Delete() }
