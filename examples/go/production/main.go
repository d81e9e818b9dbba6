// production: tiers, limits, a circuit breaker, alerts and figures.
package main

import (
	"context"
	"fmt"
	"log"
	"sync"
	"time"

	"mynah/cache"
	"mynah/llm"
	"mynah/llm/providers"
	"mynah/mock"
)

// tier is a client of one model, careful as production asks for.
func tier(m *mock.Mock, model string, shared *cache.ShardedCache, opts ...llm.Option) llm.Client {
	careful := []llm.Option{
		llm.WithBaseURL(m.URL()), llm.WithModel(model), llm.WithSharedCache(shared),
		llm.WithRateLimiting(6_000), llm.WithMaxInFlight(50), llm.WithMaxConnections(50),
		llm.WithBreakerFailureThreshold(5), llm.WithBreakerResetTimeout(10 * time.Second),
		llm.WithOnBreaker(func(from, to llm.BreakerState, reason string) {
			fmt.Printf("breaker of %s: %s to %s: %s\n", model, from, to, reason)
		}),
		llm.WithOnAlert(func(a llm.Alert) { fmt.Printf("alert: %s raised %v at %.2f\n", a.Option, a.Raised, a.Value) }),
	}
	client, err := providers.CreateProductionClient(llm.ProviderOpenAI, "sk-demo", append(careful, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func main() {
	healthy, failing := mock.New(), mock.New(mock.With("status", "500"))
	defer healthy.Close()
	defer failing.Close()
	shared := cache.NewShardedCache(cache.WithCapacity(10_000), cache.WithMaxMemoryMB(64))
	defer shared.Close()

	small := tier(healthy, "gpt-4o-mini", shared)
	large := tier(failing, "gpt-4o", shared, llm.WithRetryCount(0))
	defer small.Close()
	defer large.Close()
	client := llm.NewTieredClient(small, large, nil) // nil: the library's own estimate
	defer client.Close()

	var group sync.WaitGroup
	for i := 0; i < 200; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			prompt := fmt.Sprint("What is ", i%50, "?")
			if i%10 == 0 { // hard ones go to the failing tier, and fall back
				prompt = fmt.Sprintf("Prove step by step that algorithm %d is optimal, and evaluate the trade-off.", i)
			}
			if _, err := client.Complete(context.Background(), prompt); err != nil {
				log.Fatal(err)
			}
		}(i)
	}
	group.Wait()

	tiers, err := client.Metrics()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("small tier: %d calls, %d of them fallbacks; large tier: %d\n", tiers.Tiers[0].Calls, tiers.Tiers[0].Fallbacks, tiers.Tiers[1].Calls)
	each, err := llm.MetricsOf(client)
	if err != nil {
		log.Fatal(err)
	}
	figures := each[0]
	fmt.Printf("success %.0f %%, p99 %v, cache hits %.0f %%, cost $%.6f, saved $%.6f\n", figures.SuccessRate*100, figures.P99Latency.Round(time.Millisecond), figures.CacheHitRate*100, figures.CostUSD, figures.SavedUSD)
}
