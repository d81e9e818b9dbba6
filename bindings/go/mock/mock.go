// Package mock is a provider on loopback inside the process: for tests without
// a network or a key.
//
//	m := mock.New(mock.With("delay_event_ms", "20"))
//	defer m.Close()
//	client, err := llm.New(llm.WithProvider(llm.ProviderCustom), llm.WithBaseURL(m.URL()), llm.WithModel("mock"))
package mock

/*
#cgo !mynah_static pkg-config: mynah
#cgo mynah_static pkg-config: mynah-static
#cgo mynah_static CFLAGS: -DMYNAH_STATIC
#include <mynah.h>
#include <stdlib.h>
*/
import "C"

import (
	"encoding/json"
	"runtime"
	"strings"
	"unsafe"

	"mynah/internal/lib"
)

// Mock answers as the providers do, at the pace and with the faults it is
// told. Close it; one that is forgotten ends when it is collected.
type Mock struct{ handle *C.mynah_mock }

// Option is one setting of a mock.
type Option struct{ name, value string }

// With sets an option by the library's name; OptionsJSON has all of them.
func With(name, value string) Option { return Option{name, value} }

// Start starts a mock, or says which option is wrong.
func Start(opts ...Option) (*Mock, error) {
	options := C.mynah_mock_options_new()
	defer C.mynah_mock_options_free(options)
	for _, opt := range opts {
		if err := opt.apply(options); err != nil {
			return nil, err
		}
	}
	mock := &Mock{}
	var failure *C.mynah_error
	if err := told(C.mynah_mock_new(options, &mock.handle, &failure), failure); err != nil {
		return nil, err
	}
	lib.Cleanup(mock, func(m *Mock) { m.Close() })
	return mock, nil
}

// New is Start for options that are known to be right: it panics otherwise.
func New(opts ...Option) *Mock {
	mock, err := Start(opts...)
	if err != nil {
		panic("mock.New: " + err.Error())
	}
	return mock
}

func (o Option) apply(options *C.mynah_mock_options) error {
	if err := lib.Texts("an option's name", o.name, o.name, o.value); err != nil {
		return err
	}
	name, value := C.CString(o.name), C.CString(o.value)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(value))
	var failure *C.mynah_error
	return told(C.mynah_mock_options_set(options, name, value, &failure), failure)
}

// URL is the base URL for providers that speak OpenAI's dialects. A client of it
// keeps no Mock: what nobody holds or closes any more may be collected, and its
// clients' connections are refused then.
func (m *Mock) URL() string {
	defer runtime.KeepAlive(m)
	return C.GoString(C.mynah_mock_url(m.handle))
}

// Root is the base URL for anthropic, gemini, cohere and ollama.
func (m *Mock) Root() string { return strings.TrimSuffix(m.URL(), "/v1") }

// Stats is what the mock has seen.
type Stats struct {
	Requests        int `json:"requests"`
	InFlight        int `json:"requests_in_flight"`
	LargestInFlight int `json:"largest_in_flight"`
	EventsSent      int `json:"events_sent"`
	Connections     int `json:"connections_opened"`
	ClosedByPeer    int `json:"connections_closed_by_peer"`
	LastRequest     struct {
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"last_request"`
}

// Stats is what the mock has seen so far.
func (m *Mock) Stats() (stats Stats, err error) {
	defer runtime.KeepAlive(m)
	var value *C.mynah_value
	if err := told(C.mynah_mock_stats_json(m.handle, &value), nil); err != nil {
		return stats, err
	}
	return stats, json.Unmarshal(lib.Take(unsafe.Pointer(value)), &stats)
}

// OptionsJSON describes every option: key, type, range, default and meaning.
func OptionsJSON() (json.RawMessage, error) {
	var value *C.mynah_value
	if err := told(C.mynah_mock_options_describe_json(&value), nil); err != nil {
		return nil, err
	}
	return lib.Take(unsafe.Pointer(value)), nil
}

// Close stops the mock and closes its connections.
func (m *Mock) Close() error {
	if !lib.Closed(m) {
		return nil
	}
	C.mynah_mock_free(m.handle)
	return nil
}

func told(status C.mynah_status, failure *C.mynah_error) error {
	return lib.Check(int32(status), unsafe.Pointer(failure))
}
