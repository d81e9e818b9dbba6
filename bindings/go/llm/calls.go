package llm

/*
#include <mynah.h>

// All of an item in one crossing.
typedef struct {
	int32_t kind, event, choice, tool_index;
	uint64_t tag;
	const char *text, *tool_id, *tool_name;
	size_t text_len, tool_id_len, tool_name_len;
} go_item;

static go_item go_open(const mynah_item *item) {
	go_item out = {0};
	out.kind = mynah_item_kind(item);
	out.tag = mynah_item_tag(item);
	const mynah_event *event = mynah_item_event(item);
	if (event != NULL) {
		out.event = mynah_event_kind(event);
		out.choice = mynah_event_choice(event);
		out.tool_index = mynah_event_tool_index(event);
		out.text = mynah_event_text(event, &out.text_len);
		out.tool_id = mynah_event_tool_id(event, &out.tool_id_len);
		out.tool_name = mynah_event_tool_name(event, &out.tool_name_len);
	}
	return out;
}
*/
import "C"

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"unsafe"

	"mynah/internal/lib"
)

const (
	// defaultConcurrency is the library's threads for one client's calls.
	defaultConcurrency = 128
	// lingerMs is how long the poller waits for another call before it leaves.
	lingerMs = 50
)

// calls is the calls of one client: a queue of the library's and the poller
// that takes from it. The poller, the only goroutine that holds a thread, is
// there while there are calls.
type calls struct {
	queue *C.mynah_queue

	mu      sync.Mutex
	open    map[uint64]*call
	last    uint64
	polling bool
	closed  bool
}

// call is one call: where its events and its end are put. What the caller has
// not taken yet is kept, so that the poller waits for nobody; the library
// bounds an answer by max_response_bytes.
type call struct {
	mu     sync.Mutex
	events []Event
	done   bool
	answer *Response
	err    error
	// ready has a token when there is something new.
	ready chan struct{}
}

// submitter is what the library can run in a queue.
type submitter interface {
	submit(request *C.mynah_request, stream bool, token lib.Token, queue *C.mynah_queue, tag uint64) error
}

func newCalls(concurrency int) (*calls, error) {
	switch {
	case concurrency < 0:
		return nil, &Error{Status: ErrOutOfRange.Status, Message: fmt.Sprint("concurrency: ", concurrency, " is negative")}
	case concurrency == 0:
		concurrency = defaultConcurrency
	}
	c := &calls{open: map[uint64]*call{}}
	var failure *C.mynah_error
	return c, told(C.mynah_queue_new(C.uint32_t(min(concurrency, math.MaxUint32)), &c.queue, &failure), failure)
}

// close lets the poller finish what is there, and frees the queue after it.
func (c *calls) close() {
	if c == nil { // of a client that was never made
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed && !c.polling {
		C.mynah_queue_free(c.queue)
	}
	c.closed = true
}

func (c *calls) chat(ctx context.Context, to submitter, messages []Message, opts []Option) (*Response, error) {
	defer runtime.KeepAlive(to) // collected, it would be closed
	call, token, err := c.begin(ctx, to, messages, opts, false)
	if err != nil {
		return nil, err
	}
	defer token.Free()
	defer token.Trigger()
	select {
	case <-call.ready:
		return call.answer, lib.Ended(ctx, call.err)
	case <-ctx.Done():
		return nil, lib.Over(ctx)
	}
}

// begin submits a call; the token cancels what is left of it, and is to be freed.
func (c *calls) begin(ctx context.Context, to submitter, messages []Message, opts []Option, stream bool) (*call, lib.Token, error) {
	if ctx.Err() != nil {
		return nil, lib.Token{}, lib.Over(ctx)
	}
	request, err := newRequest(messages, gather(opts))
	if err != nil {
		return nil, lib.Token{}, err
	}
	defer C.mynah_request_free(request)
	token := lib.NewToken()
	call, err := c.submit(to, request, stream, token)
	if err != nil {
		token.Free()
		return nil, lib.Token{}, err
	}
	return call, token, nil
}

func (c *calls) submit(to submitter, request *C.mynah_request, stream bool, token lib.Token) (*call, error) {
	if c == nil {
		return nil, told(C.MYNAH_INVALID_HANDLE, nil)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, told(C.MYNAH_INVALID_HANDLE, nil)
	}
	c.last++
	tag, made := c.last, &call{ready: make(chan struct{}, 1)}
	if err := to.submit(request, stream, token, c.queue, tag); err != nil {
		return nil, err
	}
	c.open[tag] = made
	if !c.polling {
		c.polling = true
		go c.poll()
	}
	return made, nil
}

func (c *calls) poll() {
	var items [64]*C.mynah_item
	for {
		var count C.size_t
		status := C.mynah_queue_next_many(c.queue, c.patience(), &items[0], C.size_t(len(items)), &count)
		for _, item := range items[:count] {
			c.deliver(item)
		}
		if status != C.MYNAH_OK && c.leave() {
			return
		}
	}
}

// patience: while a call is open its end will come; without one, a moment.
func (c *calls) patience() C.uint64_t {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) > 0 {
		return math.MaxUint64
	}
	if c.closed {
		return 0
	}
	return lingerMs
}

func (c *calls) leave() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) > 0 {
		return false
	}
	c.polling = false
	if c.closed {
		C.mynah_queue_free(c.queue)
	}
	return true
}

func (c *calls) deliver(item *C.mynah_item) {
	defer C.mynah_item_free(item)
	opened := C.go_open(item)
	tag := uint64(opened.tag)
	c.mu.Lock()
	call := c.open[tag]
	if opened.kind == C.MYNAH_ITEM_DONE {
		delete(c.open, tag)
	}
	c.mu.Unlock()
	if call == nil {
		return
	}
	switch opened.kind {
	case C.MYNAH_ITEM_EVENT:
		call.put(event(&opened, C.mynah_item_event(item)))
	case C.MYNAH_ITEM_DONE:
		var response *C.mynah_response
		var failure *C.mynah_error
		status := C.mynah_item_result(item, &response, &failure)
		call.finish(response, told(status, failure))
	}
}

func (c *call) put(e Event) {
	c.mu.Lock()
	c.events = append(c.events, e)
	c.mu.Unlock()
	c.ring()
}

func (c *call) finish(response *C.mynah_response, err error) {
	answer, unread := newResponse(response)
	if err == nil {
		err = unread
	}
	c.mu.Lock()
	c.answer, c.err, c.done = answer, err, true
	c.mu.Unlock()
	c.ring()
}

func (c *call) ring() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// take is what has arrived since the last time.
func (c *call) take() (events []Event, done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	events, c.events = c.events, nil
	return events, c.done
}

func event(opened *C.go_item, of *C.mynah_event) Event {
	e := Event{
		Kind: EventKind(opened.event), Choice: int(opened.choice), ToolIndex: int(opened.tool_index),
		Text:   C.GoStringN(opened.text, C.int(opened.text_len)),
		ToolID: C.GoStringN(opened.tool_id, C.int(opened.tool_id_len)), ToolName: C.GoStringN(opened.tool_name, C.int(opened.tool_name_len)),
	}
	if e.Kind == EventStart || e.Kind == EventUsage {
		var value *C.mynah_value
		if C.mynah_event_json(of, &value) == C.MYNAH_OK {
			e.JSON = lib.Take(unsafe.Pointer(value))
		}
	}
	return e
}
