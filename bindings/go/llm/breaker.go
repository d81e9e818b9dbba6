package llm

import (
	"context"
	"time"
)

// CircuitBreaker refuses calls at once while a client fails, and tries one
// after a while. The breaker itself is the library's.
type CircuitBreaker struct {
	Client
	own derived
}

// NewCircuitBreaker makes another client with the options of one of this
// package and a breaker, which opens after so many failures in a row and tries
// again after resetTimeout. The first client stays as it is.
func NewCircuitBreaker(client Client, failureThreshold int, resetTimeout time.Duration) (*CircuitBreaker, error) {
	made, err := again(client, WithBreakerFailureThreshold(failureThreshold), WithBreakerResetTimeout(resetTimeout))
	if err != nil {
		return nil, err
	}
	return &CircuitBreaker{Client: made, own: made}, nil
}

// Call is Chat; it fails with ErrCircuitOpen while the breaker is open.
func (b *CircuitBreaker) Call(ctx context.Context, messages []Message) (*Response, error) {
	return b.Chat(ctx, messages)
}

// State is closed, open or half open; of several clients the first's.
func (b *CircuitBreaker) State() (BreakerState, error) {
	metrics, err := b.own.tiers()[0].read()
	if err != nil {
		return BreakerClosed, err
	}
	return BreakerState(metrics.BreakerState), nil
}

func (b *CircuitBreaker) with(more ...Option) (Client, error) { return b.own.with(more...) }

func (b *CircuitBreaker) tiers() []*ProviderClient { return b.own.tiers() }

// WithConnectionPool makes another client with the options of one of this
// package, of whose calls at most n run at one time, over connections that are
// kept open. The first client stays as it is. It panics for a client of another
// package and for an n that is not at least 1, which no option mends.
func WithConnectionPool(client Client, n int) Client {
	if n < 1 {
		panic("llm.WithConnectionPool: at least one connection")
	}
	made, err := again(client, WithMaxConnections(n), WithMaxInFlight(n))
	if err != nil {
		panic("llm.WithConnectionPool: " + err.Error())
	}
	return made
}

func again(client Client, more ...Option) (derived, error) {
	own, ok := ours(client)
	if !ok {
		return nil, errForeign
	}
	made, err := own.with(more...)
	if err != nil {
		return nil, err
	}
	return made.(derived), nil
}
