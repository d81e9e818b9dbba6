package llm

/*
#include <mynah.h>
*/
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"runtime"
	"unsafe"

	"mynah/internal/lib"
)

// ComplexityFunc says how hard a request is, from 0 to 1; NaN leaves it to the
// library's estimate. It is given the last user message, and how many messages
// there are. It runs on a thread of the library, one of those that serve these
// tiers: it must not ask them itself. A panic in it ends the program.
type ComplexityFunc func(text string, messages int) float64

// TieredClient is several clients as one: the cheap one for what is easy, the
// able one for what is hard, another when one fails.
type TieredClient struct {
	handle  *C.mynah_tiered
	calls   *calls
	clients []*ProviderClient
	check   ComplexityFunc
	// refused: another tier is asked also after a refusal.
	refused bool
	// owns: the clients were made for these tiers, and are closed with them.
	owns bool
}

// TieredOption is a setting of tiers.
type TieredOption func(*TieredClient)

// WithComplexity has a function say how hard a request is; nil: the library's
// estimate.
func WithComplexity(check ComplexityFunc) TieredOption {
	return func(t *TieredClient) { t.check = check }
}

// WithFallbackOnRefusal is fallback_on_refusal: another tier is asked also after
// a bad request, a refused key or a content filter, which end the call otherwise.
func WithFallbackOnRefusal(on bool) TieredOption {
	return func(t *TieredClient) { t.refused = on }
}

// NewTiered makes tiers of clients of this package, the cheapest first. A nil
// check leaves it to the library's estimate. The tiers hold the clients:
// closing them later takes nothing away. As many calls run at one time as the
// largest WithConcurrency of the clients says.
func NewTiered(check ComplexityFunc, clients ...Client) (*TieredClient, error) {
	return NewTieredWith(clients, WithComplexity(check))
}

// NewTieredWith is NewTiered with options.
func NewTieredWith(clients []Client, opts ...TieredOption) (*TieredClient, error) {
	tiered := &TieredClient{}
	for _, opt := range opts {
		opt(tiered)
	}
	for _, client := range clients {
		own, ok := ours(client)
		if !ok {
			return nil, errForeign
		}
		tiered.clients = append(tiered.clients, own.tiers()...)
	}
	if err := tiered.make(); err != nil {
		return nil, err
	}
	lib.Cleanup(tiered, (*TieredClient).free)
	return tiered, nil
}

// NewTieredClient is NewTiered for a cheap and an able client that are known to
// be right: it panics otherwise.
func NewTieredClient(primary, fallback Client, check ComplexityFunc) *TieredClient {
	tiered, err := NewTiered(check, primary, fallback)
	if err != nil {
		panic("llm.NewTieredClient: " + err.Error())
	}
	return tiered
}

var errForeign = errors.New("mynah: the client was not made by this package, or is nil")

// ours is a client as one of this package's; not, if it is another or nil.
func ours(client Client) (derived, bool) {
	own, ok := client.(derived)
	return own, ok && !reflect.ValueOf(own).IsNil()
}

func (t *TieredClient) make() (err error) {
	if t.calls, err = newCalls(t.concurrency()); err != nil {
		return err
	}
	defer runtime.KeepAlive(t.clients)
	handles := make([]*C.mynah_client, len(t.clients))
	for i, client := range t.clients {
		handles[i] = client.handle
	}
	var failure *C.mynah_error
	status := C.mynah_tiered_new(unsafe.SliceData(handles), C.size_t(len(handles)), truth(t.refused), &t.handle, &failure)
	if err = told(status, failure); err == nil && t.check != nil {
		err = setComplexity(t.handle, t.check)
	}
	if err != nil {
		t.Close()
	}
	return err
}

func (t *TieredClient) concurrency() int {
	most := 0
	for _, client := range t.clients {
		of := gather(client.opts).concurrency
		if of <= 0 {
			of = defaultConcurrency
		}
		most = max(most, of)
	}
	return most
}

// Close frees the tiers; it cancels their calls and waits for them.
func (t *TieredClient) Close() error {
	if !lib.Closed(t) {
		return nil
	}
	t.free()
	if t.owns {
		for _, client := range t.clients {
			client.Close()
		}
	}
	return nil
}

// free frees the tiers alone: whoever holds one of the clients, see ProviderClients,
// may still use it when these are forgotten.
func (t *TieredClient) free() {
	C.mynah_tiered_free(t.handle)
	t.calls.close()
}

// Chat asks the tier that fits, and another one where it fails.
func (t *TieredClient) Chat(ctx context.Context, messages []Message, opts ...Option) (*Response, error) {
	return t.calls.chat(ctx, t, messages, opts)
}

// Complete is Chat with one user message.
func (t *TieredClient) Complete(ctx context.Context, prompt string, opts ...Option) (*Response, error) {
	return t.Chat(ctx, []Message{UserMessage(prompt)}, opts...)
}

// ChatStream gives the answer of the tier that fits. Once something has come,
// no other tier is asked.
func (t *TieredClient) ChatStream(ctx context.Context, messages []Message, opts ...Option) Stream {
	return t.calls.stream(ctx, t, messages, opts)
}

// ChatStreamChan is ChatStream as a channel.
func (t *TieredClient) ChatStreamChan(ctx context.Context, messages []Message, opts ...Option) <-chan Chunk {
	return t.ChatStream(ctx, messages, opts...).channel(ctx)
}

// BatchChat sends many requests, each to the tier that fits.
func (t *TieredClient) BatchChat(ctx context.Context, requests []Request) []BatchResponse {
	return eachAlone(ctx, t, requests)
}

func (t *TieredClient) submit(request *C.mynah_request, stream bool, token lib.Token, queue *C.mynah_queue, tag uint64) error {
	defer runtime.KeepAlive(t)
	var failure *C.mynah_error
	return told(C.mynah_tiered_submit(t.handle, request, truth(stream), cancel(token.Handle()), queue, C.uint64_t(tag), &failure), failure)
}

func (t *TieredClient) with(more ...Option) (Client, error) {
	clients := make([]Client, len(t.clients))
	for i, client := range t.clients {
		made, err := client.with(more...)
		if err != nil {
			return nil, err
		}
		clients[i] = made
	}
	again, err := NewTieredWith(clients, WithComplexity(t.check), WithFallbackOnRefusal(t.refused))
	if err != nil {
		return nil, err
	}
	again.owns = true
	return again, nil
}

func (t *TieredClient) tiers() []*ProviderClient { return t.clients }

// TieredMetrics is what the tiers have done and saved.
type TieredMetrics struct {
	Tiers []struct {
		Calls     uint64  `json:"calls"`
		Fallbacks uint64  `json:"fallbacks"`
		CostUSD   float64 `json:"cost_usd"`
		SavedUSD  float64 `json:"saved_usd"`
	} `json:"tiers"`
	// Calls are those of all tiers together, and ByStatus is how they ended after
	// the last tier that was asked.
	Calls    uint64            `json:"calls"`
	Failures uint64            `json:"failures"`
	ByStatus map[string]uint64 `json:"by_status"`
	// SuccessRate is 0 before the first call, as SavedShare is before the first that
	// cost anything.
	SuccessRate float64 `json:"success_rate"`
	CostUSD     float64 `json:"cost_usd"`
	SavedUSD    float64 `json:"saved_usd"`
	// SavedShare is of what the last tier alone would have cost.
	SavedShare float64 `json:"saved_share"`
}

// Metrics is what the tiers have done and saved so far.
func (t *TieredClient) Metrics() (metrics TieredMetrics, err error) {
	defer runtime.KeepAlive(t)
	var value *C.mynah_value
	raw, err := take(C.mynah_tiered_metrics_json(t.handle, &value), value)
	if err != nil {
		return metrics, err
	}
	return metrics, json.Unmarshal(raw, &metrics)
}
