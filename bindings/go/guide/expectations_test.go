package guide

import (
	"context"
	"fmt"
	"math/rand"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mynah/cache"
	"mynah/llm"
	"mynah/mock"
)

// What the guide expects of its configurations, where it does not depend on a
// provider: the functions below measure, the benchmarks report, and the test
// holds what no clock decides.
//
//	go test -run none -bench Expect -benchtime 1x ./guide

func readHeavy() *cache.ShardedCache {
	return cache.NewShardedCache(
		cache.WithWorkloadType(cache.WorkloadReadHeavy),
		cache.WithShardCount(uint32(runtime.NumCPU()*4)),
		cache.WithCleanupInterval(10*time.Minute),
		cache.WithEvictionPolicy("LRU"),
		cache.WithCapacity(100000),
		cache.WithTTL(1*time.Hour),
	)
}

func writeHeavy() *cache.ShardedCache {
	return cache.NewShardedCache(
		cache.WithWorkloadType(cache.WorkloadWriteHeavy),
		cache.WithShardCount(uint32(runtime.NumCPU()*2)),
		cache.WithCleanupInterval(2*time.Minute),
		cache.WithCleanupBatchSize(1000),
		cache.WithEvictionPolicy("FIFO"),
		cache.WithCapacity(10000),
		cache.WithTTL(5*time.Minute),
	)
}

func bursty() *cache.ShardedCache {
	return cache.NewShardedCache(
		cache.WithWorkloadType(cache.WorkloadBursty),
		cache.WithShardCount(uint32(runtime.NumCPU()*8)),
		cache.WithMaxRetries(5),
		cache.WithRetryDelay(10*time.Millisecond),
		cache.WithCapacity(50000),
		cache.WithAutoTuning(true),
		cache.WithAdaptiveCleanup(true),
	)
}

func constrained(compression bool) *cache.ShardedCache {
	return cache.NewShardedCache(
		cache.WithPerformanceProfile(cache.PerformanceMemoryEfficient),
		cache.WithShardCount(uint32(runtime.NumCPU())),
		cache.WithCapacity(1000),
		cache.WithCleanupInterval(1*time.Minute),
		cache.WithEvictionPolicy("LFU"),
		cache.WithMaxMemoryMB(100),
		cache.WithCompression(compression),
		cache.WithCompressionLevel(6),
	)
}

// load has goroutines read keys, others in each pass, by a Zipf law and store those that miss, and
// beside them write a share of the operations anew. It tells each latency.
func load(c *cache.ShardedCache, pass int64, keys uint64, skew, writes float64, operations int, value func(key uint64) []byte) (reads, stores []time.Duration) {
	const goroutines = 4
	var group sync.WaitGroup
	var mu sync.Mutex
	for g := 0; g < goroutines; g++ {
		group.Add(1)
		go func(g int) {
			defer group.Done()
			random := rand.New(rand.NewSource(100*pass + int64(g)))
			zipf := rand.NewZipf(random, skew, 1, keys-1)
			var read, stored []time.Duration
			buffer := make([]byte, 0, 4096)
			for i := 0; i < operations/goroutines; i++ {
				n := zipf.Uint64()
				key := fmt.Sprint("key-", n)
				missed := random.Float64() < writes
				if !missed {
					begun := time.Now()
					found, ok, _ := c.AppendGet(buffer[:0], key)
					read, buffer, missed = append(read, time.Since(begun)), found, !ok
				}
				if missed {
					v := value(n)
					begun := time.Now()
					c.SetBytes(key, v, 0)
					stored = append(stored, time.Since(begun))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			reads, stores = append(reads, read...), append(stores, stored...)
		}(g)
	}
	group.Wait()
	slices.Sort(reads)
	slices.Sort(stores)
	return reads, stores
}

func p99(sorted []time.Duration) float64 {
	return float64(sorted[len(sorted)*99/100].Nanoseconds()) / 1e3
}

func short(uint64) []byte { return make([]byte, 100) }

// story is text that compresses as answers do: about threefold.
func story(key uint64) []byte {
	words := strings.Fields("the a of mynah bird talks and repeats what it has heard because in its flock a call that is shared tells who belongs answer question model token cache")
	random := rand.New(rand.NewSource(int64(key)))
	var text strings.Builder
	for text.Len() < 4000 {
		fmt.Fprintf(&text, "%s%d ", words[random.Intn(len(words))], random.Intn(1000))
	}
	return []byte(text.String())
}

func noise(key uint64) []byte {
	bytes := make([]byte, 400_000)
	rand.New(rand.NewSource(int64(key))).Read(bytes)
	return bytes
}

func hitRate(t testing.TB, c *cache.ShardedCache) float64 {
	m, err := c.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	return m.HitRate
}

// warm is the hit rate after a first pass, whose misses no policy can mend.
func warm(t testing.TB, c *cache.ShardedCache, before cache.CacheMetrics) float64 {
	m, err := c.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	hits, misses := m.Hits-before.Hits, m.Misses-before.Misses
	return float64(hits) / float64(hits+misses)
}

func cpu() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestExpectationsThatNoClockDecides(t *testing.T) {
	c := readHeavy()
	defer c.Close()
	load(c, 1, 200_000, 1.1, 0.05, 1_000_000, short)
	before, _ := c.Metrics()
	load(c, 2, 200_000, 1.1, 0.05, 200_000, short)
	if rate := warm(t, c, before); rate < 0.95 {
		t.Errorf("read-heavy: hit rate %.3f, not above 0.95", rate)
	}
	full := constrained(true)
	defer full.Close()
	for key := uint64(0); key < 600; key++ {
		if full.SetBytes(fmt.Sprint(key), noise(key), 0); full.MemoryBytes() > 100<<20 {
			t.Fatalf("%d bytes of 100 MB", full.MemoryBytes())
		}
	}
	if bytes := full.MemoryBytes(); bytes < 90<<20 {
		t.Errorf("the bound did not bind: %d bytes", bytes)
	}
	saved, hits := tiers(t, 400)
	if saved < 0.60 || hits < 0.70 {
		t.Errorf("tiers: %.2f of the cost saved, %.2f hits", saved, hits)
	}
}

func BenchmarkExpectReadHeavy(b *testing.B) {
	for i := 0; i < b.N; i++ {
		c := readHeavy()
		load(c, 1, 200_000, 1.1, 0.05, 1_000_000, short)
		load(c, 2, 200_000, 1.1, 0.05, 1_000_000, short)
		before, _ := c.Metrics()
		reads, _ := load(c, 3, 200_000, 1.1, 0.05, 1_000_000, short)
		after, _ := c.Metrics()
		b.ReportMetric(warm(b, c, before)*100, "hit-%")
		b.ReportMetric(p99(reads), "read-p99-µs")
		b.ReportMetric(float64(after.MemoryUsage)/float64(before.MemoryUsage), "memory-growth")
		c.Close()
	}
}

func BenchmarkExpectWriteHeavy(b *testing.B) {
	for i := 0; i < b.N; i++ {
		c := writeHeavy()
		_, stores := load(c, 1, 200_000, 1.1, 0.50, 1_000_000, short)
		b.ReportMetric(p99(stores), "write-p99-µs")
		b.ReportMetric(hitRate(b, c)*100, "hit-%")
		c.Close()
	}
}

// pace runs operations at a rate for a while, a hundred windows long, and tells
// the mean time of an operation in each window.
func pace(c *cache.ShardedCache, perSecond int, window time.Duration, windows int) (means []float64) {
	zipf := rand.NewZipf(rand.New(rand.NewSource(7)), 1.1, 1, 49_999)
	buffer := make([]byte, 0, 128)
	n := int(float64(perSecond) * window.Seconds())
	next := time.Now()
	for w := 0; w < windows; w++ {
		begun := cpu()
		for i := 0; i < n; i++ {
			key := fmt.Sprint("key-", zipf.Uint64())
			found, ok, _ := c.AppendGet(buffer[:0], key)
			if buffer = found; !ok {
				c.SetBytes(key, short(0), 0)
			}
		}
		means = append(means, float64(cpu()-begun)/float64(n))
		next = next.Add(window)
		time.Sleep(time.Until(next))
	}
	return means
}

func median(of []float64) float64 {
	sorted := slices.Clone(of)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// Normal load, ten times as much, normal again.
func BenchmarkExpectBurst(b *testing.B) {
	const rate, window = 50_000, 20 * time.Millisecond
	for i := 0; i < b.N; i++ {
		c := bursty()
		pace(c, rate, window, 50)
		normal := median(pace(c, rate, window, 50))
		begun := time.Now()
		burst := median(pace(c, 10*rate, window, 50))
		handled := 10 * float64(rate) * 50 * window.Seconds() / time.Since(begun).Seconds()
		recovered := 0
		for _, mean := range pace(c, rate, window, 50) {
			if mean <= 1.2*normal {
				break
			}
			recovered++
		}
		b.ReportMetric(handled/rate, "x-normal-load")
		b.ReportMetric((burst/normal-1)*100, "degradation-%")
		b.ReportMetric(float64(recovered)*window.Seconds(), "recovery-s")
		c.Close()
	}
}

func BenchmarkExpectMemoryConstrained(b *testing.B) {
	for i := 0; i < b.N; i++ {
		full := constrained(true)
		for key := uint64(0); key < 600; key++ {
			full.SetBytes(fmt.Sprint(key), noise(key), 0)
		}
		b.ReportMetric(float64(full.MemoryBytes())/(1<<20), "of-100-MB")
		full.Close()
		stories := map[uint64][]byte{}
		for key := uint64(0); key < 5000; key++ {
			stories[key] = story(key)
		}
		tell := func(key uint64) []byte { return stories[key] }
		var spent [2]time.Duration
		for round := 0; round < 6; round++ {
			c := constrained(round%2 == 1)
			load(c, 1, 5000, 1.1, 0, 10_000, tell)
			before, _ := c.Metrics()
			begun := cpu()
			load(c, 2, 5000, 1.1, 0, 50_000, tell)
			spent[round%2] += cpu() - begun
			if round == 5 {
				b.ReportMetric(warm(b, c, before)*100, "hit-%")
			}
			c.Close()
		}
		const operations = 150_000
		b.ReportMetric(float64((spent[1]-spent[0]).Nanoseconds())/operations/1e3, "compression-µs/op")
		b.ReportMetric(float64(spent[0].Nanoseconds())/operations/1e3, "plain-µs/op")
	}
}

// tiers asks n prompts, of which nine in ten are easy and most have been asked
// before: what the guide's cost-optimised clients save, and the cache's hits.
func tiers(t testing.TB, n int) (saved, hits float64) {
	m := mock.New()
	defer m.Close()
	client := func(model string, opts ...llm.Option) *llm.ProviderClient {
		made, err := llm.New(append([]llm.Option{llm.WithBaseURL(m.URL()), llm.WithAPIKey(apiKey), llm.WithModel(model)}, opts...)...)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	primary := client("gpt-3.5-turbo", llm.WithMaxTokens(500), llm.WithCache(true, 24*time.Hour), llm.WithPreset(llm.PresetLowCost))
	fallback := client("gpt-4", llm.WithMaxTokens(1000), llm.WithCache(true, time.Hour))
	defer primary.Close()
	defer fallback.Close()
	tiered := llm.NewTieredClient(primary, fallback, func(text string, messages int) float64 {
		if strings.HasPrefix(text, "hard") {
			return 1
		}
		return 0
	})
	defer tiered.Close()
	zipf := rand.NewZipf(rand.New(rand.NewSource(1)), 1.2, 1, 99)
	for i := 0; i < n; i++ {
		prompt := fmt.Sprint("easy ", zipf.Uint64())
		if i%10 == 0 {
			prompt = fmt.Sprint("hard ", i)
		}
		if _, err := tiered.Complete(context.Background(), prompt); err != nil {
			t.Fatal(err)
		}
	}
	figures, err := tiered.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	cheap, err := primary.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	return figures.SavedShare, cheap.CacheHitRate
}

func BenchmarkExpectCostOptimised(b *testing.B) {
	for i := 0; i < b.N; i++ {
		saved, hits := tiers(b, 2000)
		b.ReportMetric(saved*100, "saved-%")
		b.ReportMetric(hits*100, "hit-%")
	}
}
