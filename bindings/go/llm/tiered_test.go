package llm_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"mynah/llm"
	"mynah/mock"
)

func TestAnotherTierIsAskedAfterARefusalWhereThatIsAskedFor(t *testing.T) {
	cheap, _ := talk(t, []mock.Option{mock.With("status", "400")})
	able, _ := talk(t, answering("able"))
	first := llm.WithComplexity(func(string, int) float64 { return 0 })
	for _, on := range []bool{false, true} {
		tiers, err := llm.NewTieredWith([]llm.Client{cheap, able}, first, llm.WithFallbackOnRefusal(on))
		if err != nil {
			t.Fatal(err)
		}
		defer tiers.Close()
		breaker, err := llm.NewCircuitBreaker(tiers, 100, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		defer breaker.Close()
		for _, client := range []llm.Client{tiers, breaker} {
			answer, err := client.Complete(context.Background(), "hi")
			if !on && !errors.Is(err, llm.ErrBadRequest) {
				t.Error(answer, err)
			}
			if on && (err != nil || answer.Text != "able" || answer.ServedFrom != "fallback") {
				t.Error(answer, err)
			}
		}
	}
}

func TestTiersRunAsManyCallsAsTheLargestOfTheirClients(t *testing.T) {
	cheap, m := talk(t, []mock.Option{mock.With("delay_headers_ms", "50")}, llm.WithConcurrency(3))
	able, _ := talk(t, nil, llm.WithConcurrency(2))
	tiers := llm.NewTieredClient(cheap, able, func(string, int) float64 { return 0 })
	defer tiers.Close()
	var group sync.WaitGroup
	for range 12 {
		group.Add(1)
		go func() {
			defer group.Done()
			if _, err := tiers.Complete(context.Background(), "hi"); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	if stats, err := m.Stats(); err != nil || stats.Requests != 12 || stats.LargestInFlight > 3 {
		t.Error(stats, err)
	}
}
