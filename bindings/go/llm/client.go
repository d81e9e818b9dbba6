// Package llm asks language models: one client for every provider, with
// retries, limits, a circuit breaker, a response cache and metrics.
//
//	client, err := llm.New(llm.WithProvider(llm.ProviderOpenAI), llm.WithModel("gpt-4o-mini"))
//	defer client.Close()
//	answer, err := client.Chat(ctx, []llm.Message{llm.UserMessage("Why do mynahs talk?")})
//
// Calls run on threads of the library and their results arrive in one queue, so
// a goroutine that waits for an answer holds no thread. WithConcurrency bounds
// the library's threads. A context that ends, ends its call within 10 ms.
//
// Only C has the figures of the whole process, options as JSON and their
// description, and queues for an event loop of one's own.
//
// Package providers has a constructor for each provider.
package llm

/*
#cgo !mynah_static pkg-config: mynah
#cgo mynah_static pkg-config: mynah-static
#cgo mynah_static CFLAGS: -DMYNAH_STATIC
#include <mynah.h>
*/
import "C"

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"unsafe"

	"mynah/internal/lib"
)

// Version is the library's, such as 0.1.0.
func Version() string { return lib.Version() }

// ABIVersion is the number of the library's binary interface: a program works with
// every library that answers the same.
func ABIVersion() uint32 { return lib.ABIVersion() }

// BuildInfo is how the library was built: version, target, features, compiler.
func BuildInfo() (json.RawMessage, error) { return lib.BuildInfo() }

// Client is whatever answers: a ProviderClient, a TieredClient, a
// CircuitBreaker. All of it may be used from any number of goroutines.
type Client interface {
	// Chat asks and waits for the whole answer. The options hold for this call.
	Chat(ctx context.Context, messages []Message, opts ...Option) (*Response, error)
	// Complete is Chat with one user message.
	Complete(ctx context.Context, prompt string, opts ...Option) (*Response, error)
	// ChatStream gives the answer piece by piece: see Stream.
	ChatStream(ctx context.Context, messages []Message, opts ...Option) Stream
	// ChatStreamChan is ChatStream as a channel, closed after a last chunk of
	// kind EventDone with the answer or an error, such as that the context has
	// ended. Whoever stops reading before that ends the context.
	ChatStreamChan(ctx context.Context, messages []Message, opts ...Option) <-chan Chunk
	// BatchChat sends many requests; the answers stand in their order.
	BatchChat(ctx context.Context, requests []Request) []BatchResponse
	// Close ends the calls that run. Doing it again does nothing.
	Close() error
}

// ProviderClient is a client of one provider and model. Close it; one that is
// forgotten is freed when it is collected.
type ProviderClient struct {
	handle  *C.mynah_client
	calls   *calls
	opts    []Option
	notices *lib.Notices
}

// New makes a client, or says which option is wrong. Nothing is sent.
func New(opts ...Option) (*ProviderClient, error) {
	settings := gather(opts)
	if settings.tools != nil {
		return nil, invalid("tools are of one call, not the client's")
	}
	options := C.mynah_client_options_new()
	defer C.mynah_client_options_free(options)
	client := &ProviderClient{opts: slices.Clone(opts), notices: &lib.Notices{}}
	if err := settings.intoClient(options, client.notices); err != nil {
		return nil, err
	}
	var failure *C.mynah_error
	if err := told(C.mynah_client_new(options, &client.handle, &failure), failure); err != nil {
		return nil, err
	}
	calls, err := newCalls(settings.concurrency)
	if err != nil {
		C.mynah_client_free(client.handle)
		return nil, err
	}
	client.calls = calls
	lib.Cleanup(client, (*ProviderClient).free)
	return client, nil
}

// Close ends the calls that run, which fail with ErrClosed, and frees the client;
// later ones fail with ErrInvalidHandle, and so may those that meet it.
func (c *ProviderClient) Close() error {
	if !lib.Closed(c) {
		return nil
	}
	c.free()
	c.notices.Wait()
	return nil
}

func (c *ProviderClient) free() {
	C.mynah_client_free(c.handle)
	c.calls.close()
}

// Chat asks and waits for the whole answer.
func (c *ProviderClient) Chat(ctx context.Context, messages []Message, opts ...Option) (*Response, error) {
	return c.calls.chat(ctx, c, messages, opts)
}

// Complete is Chat with one user message.
func (c *ProviderClient) Complete(ctx context.Context, prompt string, opts ...Option) (*Response, error) {
	return c.Chat(ctx, []Message{UserMessage(prompt)}, opts...)
}

// ChatStream gives the answer piece by piece.
func (c *ProviderClient) ChatStream(ctx context.Context, messages []Message, opts ...Option) Stream {
	return c.calls.stream(ctx, c, messages, opts)
}

// ChatStreamChan is ChatStream as a channel.
func (c *ProviderClient) ChatStreamChan(ctx context.Context, messages []Message, opts ...Option) <-chan Chunk {
	return c.ChatStream(ctx, messages, opts...).channel(ctx)
}

func (c *ProviderClient) submit(request *C.mynah_request, stream bool, token lib.Token, queue *C.mynah_queue, tag uint64) error {
	defer runtime.KeepAlive(c)
	var failure *C.mynah_error
	return told(C.mynah_client_submit(c.handle, request, truth(stream), cancel(token.Handle()), queue, C.uint64_t(tag), &failure), failure)
}

// with makes another client with the same options and more.
func (c *ProviderClient) with(more ...Option) (Client, error) {
	return New(append(slices.Clone(c.opts), more...)...)
}

func (c *ProviderClient) tiers() []*ProviderClient { return []*ProviderClient{c} }

// derived is a client of this package, which can be made again with more
// options, and can be a tier.
type derived interface {
	Client
	with(more ...Option) (Client, error)
	tiers() []*ProviderClient
}

// ProviderClients are what a client of this package is made of, whatever it is: one
// for each provider's client, of tiers the cheapest first. They have what a Client
// has not, such as OptionsJSON and AdviseJSON, and are not to be closed by themselves.
func ProviderClients(client Client) ([]*ProviderClient, error) {
	own, ok := ours(client)
	if !ok {
		return nil, errForeign
	}
	return slices.Clone(own.tiers()), nil
}

// cancel is the mynah_cancel of a word, read as what it is, not as an address.
func cancel(word uintptr) *C.mynah_cancel { return *(**C.mynah_cancel)(unsafe.Pointer(&word)) }

func truth(b bool) C.int32_t {
	if b {
		return 1
	}
	return 0
}

func told(status C.mynah_status, failure *C.mynah_error) error {
	return lib.Check(int32(status), unsafe.Pointer(failure))
}

func take(status C.mynah_status, value *C.mynah_value) ([]byte, error) {
	if status != C.MYNAH_OK {
		return nil, told(status, nil)
	}
	return lib.Take(unsafe.Pointer(value)), nil
}
