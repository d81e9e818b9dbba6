package guide

import (
	"context"
	"flag"
	"fmt"
	"math/rand"
	"reflect"
	"sync"
	"testing"
	"time"

	. "mynah/cache"
	"mynah/llm"
)

func TestKeyCacheMetrics(t *testing.T) {
	type CacheMetrics struct {
		HitRate       float64
		MissRate      float64
		EvictionRate  float64
		AvgGetLatency time.Duration
		AvgSetLatency time.Duration
		MemoryUsage   int64
		ItemCount     int64
		ShardBalance  []int
	}
	hasFields(t, reflect.TypeOf(CacheMetrics{}), reflect.TypeOf(mynahs()))

	const (
		MinHitRate        = 0.80
		MaxGetLatency     = 1 * time.Millisecond
		MaxMemoryUsage    = 1 << 30
		MaxShardImbalance = 0.20
	)
	hit, latency, memory, imbalance := cacheThresholds()
	if hit != MinHitRate || latency != MaxGetLatency || memory != MaxMemoryUsage || imbalance != MaxShardImbalance {
		t.Fatal(hit, latency, memory, imbalance)
	}
	cache := NewShardedCache()
	defer cache.Close()
	keeps(t, cache, 100)
	now, err := cache.Metrics()
	if err != nil || now.HitRate != 1 || now.ItemCount != 100 || now.AvgGetLatency <= 0 || now.AvgGetLatency > time.Second {
		t.Fatalf("%+v %v", now, err)
	}
}

// mynahs and cacheThresholds see the package's names, which the test above
// hides behind the guide's.
func mynahs() CacheMetrics { return CacheMetrics{} }

func cacheThresholds() (float64, time.Duration, int, float64) {
	return MinHitRate, MaxGetLatency, MaxMemoryUsage, MaxShardImbalance
}

func TestKeyLLMMetrics(t *testing.T) {
	type LLMMetrics struct {
		RequestRate     float64
		SuccessRate     float64
		AvgLatency      time.Duration
		P99Latency      time.Duration
		TokensPerSecond float64
		CostPerRequest  float64
		CacheHitRate    float64
		RetryRate       float64
	}
	hasFields(t, reflect.TypeOf(LLMMetrics{}), reflect.TypeOf(llm.LLMMetrics{}))

	const (
		MinSuccessRate    = 0.95
		MaxAvgLatency     = 5 * time.Second
		MaxP99Latency     = 30 * time.Second
		MaxCostPerRequest = 0.50
	)
	if llm.MinSuccessRate != MinSuccessRate || llm.MaxAvgLatency != MaxAvgLatency || llm.MaxP99Latency != MaxP99Latency || llm.MaxCostPerRequest != MaxCostPerRequest {
		t.Fatal("other thresholds")
	}
	answers(t)
	client := openAI(t)
	if _, err := client.Complete(context.Background(), "hello"); err != nil {
		t.Fatal(err)
	}
	now, err := client.(*llm.ProviderClient).Metrics()
	if err != nil || now.SuccessRate != 1 || now.AvgLatency <= 0 || now.P99Latency <= 0 || now.TokensPerSecond <= 0 || now.CostPerRequest <= 0 || now.RetryRate != 0 {
		t.Fatalf("%+v %v", now, err)
	}
}

func hasFields(t *testing.T, guides, ours reflect.Type) {
	t.Helper()
	for i := 0; i < guides.NumField(); i++ {
		field := guides.Field(i)
		if own, ok := ours.FieldByName(field.Name); !ok || own.Type != field.Type {
			t.Errorf("%s %s: ours is %s", field.Name, field.Type, own.Type)
		}
	}
}

func TestCacheBenchmark(t *testing.T) {
	if err := flag.Set("test.benchtime", "20ms"); err != nil {
		t.Fatal(err)
	}
	defer flag.Set("test.benchtime", "1s")
	ran := testing.Benchmark(BenchmarkCache)
	if ran.N == 0 {
		t.Fatal("it failed")
	}
	t.Log(ran)
}

func BenchmarkCache(b *testing.B) {
	configs := []struct {
		name string
		opts []ShardedCacheOption
	}{
		{
			"LowLatency",
			[]ShardedCacheOption{
				WithPerformanceProfile(PerformanceLowLatency),
			},
		},
		{
			"HighThroughput",
			[]ShardedCacheOption{
				WithPerformanceProfile(PerformanceHighThroughput),
			},
		},
	}

	for _, cfg := range configs {
		b.Run(cfg.name, func(b *testing.B) {
			cache := NewShardedCache(cfg.opts...)

			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					key := fmt.Sprintf("key-%d", rand.Int())
					cache.Set(key, "value", 1*time.Hour)
					cache.Get(key)
				}
			})
			if now, err := cache.Metrics(); err != nil || now.HitRate < 0.99 {
				b.Fatal(now, err)
			}
		})
	}
}

func TestLLMLoadTest(t *testing.T) {
	m := answers(t)
	client := openAI(t)
	LoadTestLLM(client, 200*time.Millisecond, 100)
	guides, _ := m.Stats()
	if guides.Requests < 5 || guides.Requests > 21 {
		t.Fatal(guides.Requests)
	}
	ours := llm.LoadTest(context.Background(), client, 200*time.Millisecond, 100, testMessages)
	if both, _ := m.Stats(); ours.SuccessRate != 1 || int(ours.Calls) != both.Requests-guides.Requests {
		t.Fatal(ours, both.Requests, guides.Requests)
	}
}

type LLMMetrics = llm.LLMMetrics

var testMessages = []llm.Message{llm.UserMessage("hello")}

func LoadTestLLM(client llm.Client, duration time.Duration, rps int) {
	ticker := time.NewTicker(time.Second / time.Duration(rps))
	defer ticker.Stop()

	timeout := time.After(duration)
	var wg sync.WaitGroup

	metrics := &LLMMetrics{}

	for {
		select {
		case <-ticker.C:
			wg.Add(1)
			go func() {
				defer wg.Done()

				start := time.Now()
				_, err := client.Chat(context.Background(), testMessages)
				elapsed := time.Since(start)

				metrics.Record(elapsed, err)
			}()

		case <-timeout:
			wg.Wait()
			metrics.Report()
			return
		}
	}
}
