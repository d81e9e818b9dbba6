// Package smoke uses the library through cgo, without a binding.
package smoke

/*
#include <mynah.h>
#include <stdlib.h>

extern int32_t smokeEvent(void *user, mynah_event *event);

static int32_t smoke_event(void *user, const mynah_event *event) {
	return smokeEvent(user, (mynah_event *)event);
}

static mynah_status smoke_stream(mynah_client *client, mynah_request *request, uintptr_t user,
                                 mynah_response **response, mynah_error **err) {
	return mynah_client_chat_stream(client, request, smoke_event, (void *)user, NULL, response, err);
}
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"runtime/cgo"
	"unsafe"
)

//export smokeEvent
func smokeEvent(user unsafe.Pointer, event *C.mynah_event) C.int32_t {
	if C.mynah_event_kind(event) == C.MYNAH_EVENT_TEXT {
		var size C.size_t
		text := C.mynah_event_text(event, &size)
		cgo.Handle(uintptr(user)).Value().(func(string))(C.GoStringN(text, C.int(size)))
	}
	return 0
}

func failure(status C.mynah_status, err *C.mynah_error) error {
	defer C.mynah_error_free(err)
	name := C.GoString(C.mynah_status_name(status))
	return fmt.Errorf("%s: %s", name, C.GoString(C.mynah_error_message(err)))
}

func take(value *C.mynah_value) []byte {
	defer C.mynah_value_free(value)
	return C.GoBytes(C.mynah_value_data(value), C.int(C.mynah_value_len(value)))
}

// remember stores a value and reads it back.
func remember(key, value string) (string, error) {
	var cache *C.mynah_cache
	var err *C.mynah_error
	if status := C.mynah_cache_new(nil, &cache, &err); status != C.MYNAH_OK {
		return "", failure(status, err)
	}
	defer C.mynah_cache_free(cache)
	k, v := []byte(key), []byte(value)
	C.mynah_cache_set(cache, unsafe.Pointer(&k[0]), C.size_t(len(k)), unsafe.Pointer(&v[0]),
		C.size_t(len(v)), C.MYNAH_TTL_DEFAULT)
	var found *C.mynah_value
	status := C.mynah_cache_get(cache, unsafe.Pointer(&k[0]), C.size_t(len(k)), &found)
	if status != C.MYNAH_OK {
		return "", failure(status, nil)
	}
	return string(take(found)), nil
}

type answer struct {
	Text       string `json:"text"`
	ServedFrom string `json:"served_from"`
}

// chat asks a mock the same twice.
func chat(prompt string, each func(string)) (answers [2]answer, _ error) {
	var mock *C.mynah_mock
	var err *C.mynah_error
	if status := C.mynah_mock_new(nil, &mock, &err); status != C.MYNAH_OK {
		return answers, failure(status, err)
	}
	defer C.mynah_mock_free(mock)
	options := C.mynah_client_options_new()
	defer C.mynah_client_options_free(options)
	for name, value := range map[string]string{"provider": "custom", "model": "mock",
		"base_url": C.GoString(C.mynah_mock_url(mock)), "cache_enabled": "true"} {
		n, v := C.CString(name), C.CString(value)
		status := C.mynah_client_options_set(options, n, v, &err)
		C.free(unsafe.Pointer(n))
		C.free(unsafe.Pointer(v))
		if status != C.MYNAH_OK {
			return answers, failure(status, err)
		}
	}
	var client *C.mynah_client
	if status := C.mynah_client_new(options, &client, &err); status != C.MYNAH_OK {
		return answers, failure(status, err)
	}
	defer C.mynah_client_free(client)
	request := C.mynah_request_new()
	defer C.mynah_request_free(request)
	role, text := C.CString("user"), C.CString(prompt)
	defer C.free(unsafe.Pointer(role))
	defer C.free(unsafe.Pointer(text))
	C.mynah_request_add_message(request, role, text, C.size_t(len(prompt)))
	user := cgo.NewHandle(each)
	defer user.Delete()
	for i := range answers {
		var response *C.mynah_response
		status := C.smoke_stream(client, request, C.uintptr_t(user), &response, &err)
		if status != C.MYNAH_OK {
			return answers, failure(status, err)
		}
		var value *C.mynah_value
		C.mynah_response_json(response, &value)
		C.mynah_response_free(response)
		if err := json.Unmarshal(take(value), &answers[i]); err != nil {
			return answers, err
		}
	}
	return answers, nil
}
