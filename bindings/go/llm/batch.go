package llm

/*
#include <mynah.h>

extern void mynahGoProgress(uintptr_t user, size_t done, size_t total);

static void on_progress(void *user, size_t done, size_t total) {
	mynahGoProgress((uintptr_t)user, done, total);
}

static mynah_status go_batch_run(mynah_batch *batch, mynah_client *client, uint32_t parallel,
                                 mynah_cancel *cancel, uintptr_t user, mynah_error **err) {
	return mynah_batch_run(batch, client, parallel, cancel, user ? on_progress : NULL, (void *)user, err);
}
*/
import "C"

import (
	"context"
	"runtime"
	"runtime/cgo"
	"sync"

	"mynah/internal/lib"
)

// BatchResponse is how one request of a batch ended: look at Err first, since there
// is no Response where it is set.
type BatchResponse struct {
	*Response
	Err error
}

// parallel is how many requests of a batch run at one time.
const parallel = 8

// BatchChat sends many requests, eight at a time; similar ones one after the
// other, so that the provider's own prompt cache helps, and identical ones once
// where WithBatchDedup says so. It holds a thread until all have ended.
func (c *ProviderClient) BatchChat(ctx context.Context, requests []Request) []BatchResponse {
	return c.Batch(ctx, requests, parallel, nil)
}

// Batch is BatchChat, so many at a time (0 and less: eight), with progress (which
// may be nil) told how far it is. A panic in progress ends the program.
func (c *ProviderClient) Batch(ctx context.Context, requests []Request, parallel int, progress func(done, total int)) []BatchResponse {
	defer runtime.KeepAlive(c)
	answers := make([]BatchResponse, len(requests))
	batch := C.mynah_batch_new()
	defer C.mynah_batch_free(batch)
	var places []int
	for i, request := range requests {
		if answers[i].Err = addTo(batch, request); answers[i].Err == nil {
			places = append(places, i)
		}
	}
	user, release := heard(progress)
	defer release()
	err := lib.Under(ctx, func(token uintptr) error {
		var failure *C.mynah_error
		return told(C.go_batch_run(batch, c.handle, C.uint32_t(max(parallel, 0)), cancel(token), C.uintptr_t(user), &failure), failure)
	})
	for at, i := range places {
		answers[i] = resultOf(ctx, batch, at, err)
	}
	return answers
}

// heard is the word of a function that C calls, until it is released; 0 for nil.
func heard(progress func(done, total int)) (word cgo.Handle, release func()) {
	if progress == nil {
		return 0, func() {}
	}
	word = cgo.NewHandle(progress)
	return word, word.Delete
}

func addTo(batch *C.mynah_batch, request Request) error {
	made, err := newRequest(request.Messages, gather(request.Options))
	if err != nil {
		return err
	}
	defer C.mynah_request_free(made)
	return told(C.mynah_batch_add(batch, made), nil)
}

func resultOf(ctx context.Context, batch *C.mynah_batch, at int, err error) BatchResponse {
	var response *C.mynah_response
	var failure *C.mynah_error
	status := C.mynah_batch_result(batch, C.size_t(at), &response, &failure)
	if status == C.MYNAH_OUT_OF_RANGE && err != nil {
		return BatchResponse{Err: err} // it has not run
	}
	answer, unread := newResponse(response)
	if ended := told(status, failure); ended != nil {
		return BatchResponse{answer, lib.Ended(ctx, ended)}
	}
	return BatchResponse{answer, unread}
}

// eachAlone is BatchChat for clients that the library has no batch of.
func eachAlone(ctx context.Context, client Client, requests []Request) []BatchResponse {
	answers := make([]BatchResponse, len(requests))
	slots := make(chan struct{}, parallel)
	var group sync.WaitGroup
	for i, request := range requests {
		slots <- struct{}{}
		group.Add(1)
		go func(i int, request Request) {
			defer group.Done()
			defer func() { <-slots }()
			answers[i].Response, answers[i].Err = client.Chat(ctx, request.Messages, request.Options...)
		}(i, request)
	}
	group.Wait()
	return answers
}
