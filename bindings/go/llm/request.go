package llm

/*
#include <mynah.h>
#include <stdlib.h>
*/
import "C"

import (
	"bytes"
	"encoding/json"
	"slices"
	"unsafe"

	"mynah/internal/lib"
)

// Request is one of a batch.
type Request struct {
	// Index is the caller's own; the package does not look at it.
	Index    int
	Messages []Message
	// Options hold for this request.
	Options []Option
}

// Tool is a function that the model may call.
type Tool struct {
	Name, Description string
	// Schema is the JSON schema of the arguments.
	Schema json.RawMessage
	// JSON, if it is there, is all of the tool instead: in OpenAI's form, or in
	// the provider's own for what it has beside functions.
	JSON json.RawMessage
}

// MarshalJSON is the tool in OpenAI's form.
func (t Tool) MarshalJSON() ([]byte, error) {
	if t.JSON != nil {
		return t.JSON, nil
	}
	return json.Marshal(function{t.Name, t.Description, t.Schema})
}

// UnmarshalJSON reads a function in OpenAI's form, alone or as the function of a
// {"type": "function"}. What has more than a name, a description and a schema is
// kept in JSON as it came.
func (t *Tool) UnmarshalJSON(data []byte) error {
	var wrapped struct {
		Type     string   `json:"type"`
		Function function `json:"function"`
	}
	if strictly(data, &wrapped) != nil || wrapped.Type != "function" {
		wrapped.Function = function{}
		if strictly(data, &wrapped.Function) != nil {
			*t = Tool{JSON: slices.Clone(data)}
			return nil
		}
	}
	f := wrapped.Function
	*t = Tool{Name: f.Name, Description: f.Description, Schema: f.Parameters}
	return nil
}

// function is one in OpenAI's form.
type function struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
}

func strictly(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// newRequest must be followed by mynah_request_free.
func newRequest(messages []Message, settings *settings) (*C.mynah_request, error) {
	if settings.cache != nil || settings.callbacks != nil || settings.concurrency != 0 {
		return nil, invalid("a shared cache, callbacks and the concurrency are the client's, not of one call")
	}
	body, err := json.Marshal(struct {
		Messages []Message `json:"messages"`
		Tools    []Tool    `json:"tools,omitempty"`
	}{append([]Message{}, messages...), settings.tools})
	if err != nil {
		return nil, err
	}
	if err := lib.Unicode("messages", messages); err != nil {
		return nil, err
	}
	if err := lib.Unicode("tools", settings.tools); err != nil {
		return nil, err
	}
	text := C.CBytes(body)
	defer C.free(text)
	var request *C.mynah_request
	var failure *C.mynah_error
	status := C.mynah_request_from_json((*C.char)(text), C.size_t(len(body)), &request, &failure)
	if err := told(status, failure); err != nil {
		return nil, err
	}
	if err := settings.intoRequest(request); err != nil {
		C.mynah_request_free(request)
		return nil, err
	}
	return request, nil
}

// intoRequest sets what holds for one call; the library refuses options that
// only a client has.
func (s *settings) intoRequest(request *C.mynah_request) error {
	for _, pair := range s.pairs {
		err := named(pair, func(name, value *C.char, failure **C.mynah_error) C.mynah_status {
			return C.mynah_request_set(request, name, value, failure)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func invalid(message string) error {
	return &Error{Status: ErrInvalidArgument.Status, Message: message}
}

func named(pair pair, set func(name, value *C.char, failure **C.mynah_error) C.mynah_status) error {
	if err := lib.Texts("an option's name", pair.name, pair.name, pair.value); err != nil {
		return err
	}
	name, value := C.CString(pair.name), C.CString(pair.value)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(value))
	var failure *C.mynah_error
	return told(set(name, value, &failure), failure)
}
