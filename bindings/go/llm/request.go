package llm

/*
#include <mynah.h>
#include <stdlib.h>
*/
import "C"

import (
	"encoding/json"
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
}

// newRequest must be followed by mynah_request_free.
func newRequest(messages []Message, settings *settings) (*C.mynah_request, error) {
	body, err := json.Marshal(struct {
		Messages []Message `json:"messages"`
	}{append([]Message{}, messages...)})
	if err != nil {
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
	for _, tool := range s.tools {
		if err := addTool(request, tool); err != nil {
			return err
		}
	}
	return nil
}

func addTool(request *C.mynah_request, tool Tool) error {
	if err := lib.Texts("a tool's name", tool.Name, "a tool's description", tool.Description, "a tool's schema", string(tool.Schema)); err != nil {
		return err
	}
	name, description := C.CString(tool.Name), C.CString(tool.Description)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(description))
	var schema *C.char
	if tool.Schema != nil {
		schema = C.CString(string(tool.Schema))
		defer C.free(unsafe.Pointer(schema))
	}
	var failure *C.mynah_error
	return told(C.mynah_request_add_tool(request, name, description, schema, &failure), failure)
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
