package llm

/*
#include <mynah.h>
*/
import "C"

import (
	"encoding/json"
	"errors"
	"math"
	"time"
	"unsafe"

	"mynah/internal/lib"
)

// Response is an answer. What the provider did not say is nil or empty.
type Response struct {
	Text      string     `json:"text"`
	Reasoning string     `json:"reasoning"`
	Refusal   string     `json:"refusal"`
	ToolCalls []ToolCall `json:"tool_calls"`
	// FinishReason is stop, length, tool_calls, content_filter, refusal, pause or
	// other; empty while the answer is not complete.
	FinishReason string `json:"finish_reason"`
	Usage        Usage  `json:"usage"`
	// CostUSD is nil where no price is known.
	CostUSD *float64 `json:"cost_usd"`
	// SavedUSD is what the cache, or a cheaper tier, has saved.
	SavedUSD  *float64 `json:"saved_usd"`
	Model     string   `json:"model"`
	Provider  string   `json:"provider"`
	ID        string   `json:"id"`
	RequestID string   `json:"request_id"`
	// ServedFrom is provider, cache, stale, coalesced or fallback.
	ServedFrom string `json:"served_from"`
	// Tier answered, of a TieredClient; nil elsewhere.
	Tier     *int `json:"tier"`
	Attempts int  `json:"attempts"`
	// Adjusted tells what was left out or changed to fit the model.
	Adjusted json.RawMessage `json:"adjusted"`
	Timings  Timings         `json:"timings_ms"`
	// Message is the assistant's turn, whole, to go on with.
	Message Message `json:"message"`
	// JSON is everything that is known.
	JSON json.RawMessage `json:"-"`
	// Raw is the provider's own JSON, where the answer came whole from it: nil for
	// one that came as a stream or from the cache.
	Raw json.RawMessage `json:"-"`
}

// ToolCall is a function that the model wants called.
type ToolCall struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Arguments is a JSON text.
	Arguments string `json:"arguments"`
}

// Usage is in tokens; nil is what the provider did not say.
type Usage struct {
	InputTokens       *int64 `json:"input_tokens"`
	OutputTokens      *int64 `json:"output_tokens"`
	TotalTokens       *int64 `json:"total_tokens"`
	CachedInputTokens *int64 `json:"cached_input_tokens"`
	CacheWriteTokens  *int64 `json:"cache_write_tokens"`
	ReasoningTokens   *int64 `json:"reasoning_tokens"`
}

// Timings are of the call's parts; 0 for one that did not occur.
type Timings struct {
	Queue, Connect, FirstByte, FirstToken, Total time.Duration
}

// timingsMs is the library's form: milliseconds, and nothing of a part that did
// not occur.
type timingsMs struct {
	Queue      float64 `json:"queue,omitempty"`
	Connect    float64 `json:"connect,omitempty"`
	FirstByte  float64 `json:"first_byte,omitempty"`
	FirstToken float64 `json:"first_token,omitempty"`
	Total      float64 `json:"total,omitempty"`
}

// UnmarshalJSON reads milliseconds.
func (t *Timings) UnmarshalJSON(data []byte) error {
	var ms timingsMs
	if err := json.Unmarshal(data, &ms); err != nil {
		return err
	}
	*t = Timings{millis(ms.Queue), millis(ms.Connect), millis(ms.FirstByte), millis(ms.FirstToken), millis(ms.Total)}
	return nil
}

// MarshalJSON writes milliseconds.
func (t Timings) MarshalJSON() ([]byte, error) {
	return json.Marshal(timingsMs{inMillis(t.Queue), inMillis(t.Connect), inMillis(t.FirstByte), inMillis(t.FirstToken), inMillis(t.Total)})
}

func millis(ms float64) time.Duration {
	return time.Duration(math.Round(ms * float64(time.Millisecond)))
}

func inMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// MarshalBinary gives the text, so that a cache can keep an answer as it is. Where there
// is none, as in a BatchResponse that failed, it is an error.
func (r *Response) MarshalBinary() ([]byte, error) {
	if r == nil {
		return nil, errors.New("mynah: there is no answer to keep")
	}
	return []byte(r.Text), nil
}

// newResponse reads a mynah_response and frees it; nil for nil.
func newResponse(response *C.mynah_response) (*Response, error) {
	if response == nil {
		return nil, nil
	}
	defer C.mynah_response_free(response)
	var value *C.mynah_value
	if err := told(C.mynah_response_json(response, &value), nil); err != nil {
		return nil, err
	}
	read := &Response{JSON: lib.Take(unsafe.Pointer(value)), Raw: raw(response)}
	return read, json.Unmarshal(read.JSON, read)
}

func raw(response *C.mynah_response) json.RawMessage {
	var size C.size_t
	data := C.mynah_response_raw(response, &size)
	if data == nil {
		return nil
	}
	return lib.Copied(unsafe.Pointer(data), uint64(size))
}
