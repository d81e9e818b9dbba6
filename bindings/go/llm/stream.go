package llm

/*
#include <mynah.h>
*/
import "C"

import (
	"context"
	"encoding/json"
	"runtime"

	"mynah/internal/lib"
)

// EventKind says what an event of a stream is.
type EventKind int32

// The kinds; more may be added: skip what you do not know.
const (
	// EventStart: the answer has begun; its JSON has model and id.
	EventStart EventKind = C.MYNAH_EVENT_START
	// EventText: a piece of text.
	EventText EventKind = C.MYNAH_EVENT_TEXT
	// EventReasoning: a piece of the model's thinking.
	EventReasoning EventKind = C.MYNAH_EVENT_REASONING
	// EventRefusal: a piece of a refusal.
	EventRefusal EventKind = C.MYNAH_EVENT_REFUSAL
	// EventToolCall: a piece of a call's arguments.
	EventToolCall EventKind = C.MYNAH_EVENT_TOOL_CALL
	// EventToolCallEnd: a call's arguments are complete.
	EventToolCallEnd EventKind = C.MYNAH_EVENT_TOOL_CALL_END
	// EventUsage: the usage so far, as JSON.
	EventUsage EventKind = C.MYNAH_EVENT_USAGE
	// EventFinish: the answer has ended; the text is the reason.
	EventFinish EventKind = C.MYNAH_EVENT_FINISH
	// EventRaw: the provider's own event, with WithRawEvents.
	EventRaw EventKind = C.MYNAH_EVENT_RAW
	// EventOther: an event that has no meaning here; the text is its JSON.
	EventOther EventKind = C.MYNAH_EVENT_OTHER
	// EventDone: the last one: Response is the whole answer.
	EventDone EventKind = 1000
)

// Event is one step of a stream.
type Event struct {
	Kind EventKind
	// Text is the piece of text, thinking, refusal or arguments.
	Text string
	// Choice is which of several answers it belongs to.
	Choice int
	// ToolIndex, ToolID and ToolName tell the call; the index is -1 elsewhere.
	ToolIndex        int
	ToolID, ToolName string
	// JSON is the event whole, for a start and for usage.
	JSON json.RawMessage
	// Response is the whole answer, in the last event. With an error it is what
	// had arrived, or nil.
	Response *Response
}

// Stream is the events of an answer, for a range loop (from Go 1.23 on, as an
// iter.Seq2) or called with a function that returns false to stop. Leaving the
// loop ends the call and closes its connection. The last pair is an event of
// kind EventDone with the whole answer, or with an error. A stream can be gone
// through again: that is another call.
type Stream func(yield func(Event, error) bool)

// Chunk is an event of a stream that comes through a channel.
type Chunk struct {
	Event
	Err error
}

// Text has a function (which may be nil) told of a stream's text, and gives the
// whole answer.
func (s Stream) Text(each func(piece string)) (response *Response, err error) {
	s(func(e Event, failure error) bool {
		if e.Kind == EventText && each != nil {
			each(e.Text)
		}
		if e.Kind == EventDone {
			response, err = e.Response, failure
		}
		return true
	})
	return response, err
}

func (c *calls) stream(ctx context.Context, to submitter, messages []Message, opts []Option) Stream {
	return func(yield func(Event, error) bool) {
		defer runtime.KeepAlive(to) // collected, it would be closed
		call, token, err := c.begin(ctx, to, messages, opts, true)
		if err != nil {
			yield(Event{Kind: EventDone, ToolIndex: -1}, err)
			return
		}
		defer token.Free()
		defer token.Trigger()
		for {
			select {
			case <-call.ready:
			case <-ctx.Done():
			}
			events, done := call.take()
			for len(events) > 0 && ctx.Err() == nil {
				if !yield(events[0], nil) {
					return
				}
				events = events[1:]
			}
			switch {
			case done && len(events) == 0:
				yield(Event{Kind: EventDone, ToolIndex: -1, Response: call.answer}, lib.Ended(ctx, call.err))
				return
			case ctx.Err() != nil: // whatever has come meanwhile
				token.Trigger()
				if !done {
					call.wait() // for what had arrived
				}
				yield(Event{Kind: EventDone, ToolIndex: -1, Response: call.answer}, lib.Over(ctx))
				return
			}
		}
	}
}

// wait lets the events go that come before the call's end.
func (c *call) wait() {
	for {
		if _, done := c.take(); done {
			return
		}
		<-c.ready
	}
}

// channel has a place for one chunk, so that the last one can be left there:
// whoever reads to the end finds it, and whoever does not is not waited for.
func (s Stream) channel(ctx context.Context) <-chan Chunk {
	chunks := make(chan Chunk, 1)
	go func() {
		defer close(chunks)
		var last Chunk
		s(func(e Event, err error) bool {
			if e.Kind == EventDone {
				last = Chunk{e, err}
				return false
			}
			select {
			case chunks <- Chunk{e, err}:
				return true
			case <-ctx.Done():
				return false
			}
		})
		if last.Kind != EventDone {
			last = Chunk{Event{Kind: EventDone, ToolIndex: -1}, lib.Over(ctx)}
		}
		select {
		case chunks <- last:
		case <-ctx.Done():
			leave(chunks, last)
		}
	}()
	return chunks
}

// leave puts a chunk into its place, over a piece that nobody has taken.
func leave(chunks chan Chunk, last Chunk) {
	for {
		select {
		case chunks <- last:
			return
		case <-chunks:
		}
	}
}
