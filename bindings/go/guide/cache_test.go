package guide

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	. "mynah/cache"
)

func TestReadHeavyWorkload(t *testing.T) {
	cache := NewShardedCache(
		WithWorkloadType(WorkloadReadHeavy),
		WithShardCount(uint32(runtime.NumCPU()*4)),
		WithCleanupInterval(10*time.Minute),
		WithEvictionPolicy("LRU"),
		WithCapacity(100000),
		WithTTL(1*time.Hour),
	)
	defer cache.Close()
	has(t, cache, "workload_type", "read_heavy", "eviction_policy", "lru", "capacity", 100000, "default_ttl_ms", 3600000, "cleanup_interval_ms", 600000)
	keeps(t, cache, 1000)
}

func TestWriteHeavyWorkload(t *testing.T) {
	cache := NewShardedCache(
		WithWorkloadType(WorkloadWriteHeavy),
		WithShardCount(uint32(runtime.NumCPU()*2)),
		WithCleanupInterval(2*time.Minute),
		WithCleanupBatchSize(1000),
		WithEvictionPolicy("FIFO"),
		WithCapacity(10000),
		WithTTL(5*time.Minute),
	)
	defer cache.Close()
	has(t, cache, "workload_type", "write_heavy", "eviction_policy", "fifo", "capacity", 10000, "default_ttl_ms", 300000,
		"cleanup_batch_size", 1000, "cleanup_interval_ms", 120000)
	keeps(t, cache, 1000)
}

func TestBurstyTraffic(t *testing.T) {
	cache := NewShardedCache(
		WithWorkloadType(WorkloadBursty),
		WithShardCount(uint32(runtime.NumCPU()*8)),
		WithMaxRetries(5),
		WithRetryDelay(10*time.Millisecond),
		WithCapacity(50000),
		WithAutoTuning(true),
		WithAdaptiveCleanup(true),
	)
	defer cache.Close()
	has(t, cache, "workload_type", "bursty", "max_retries", 5, "retry_delay_ms", 10, "auto_tuning", true, "adaptive_cleanup", true, "capacity", 50000)
	keeps(t, cache, 1000)
}

func TestMemoryConstrainedEnvironment(t *testing.T) {
	cache := NewShardedCache(
		WithPerformanceProfile(PerformanceMemoryEfficient),
		WithShardCount(uint32(runtime.NumCPU())),
		WithCapacity(1000),
		WithCleanupInterval(1*time.Minute),
		WithEvictionPolicy("LFU"),
		WithMaxMemoryMB(100),
		WithCompression(true),
		WithCompressionLevel(6),
	)
	defer cache.Close()
	has(t, cache, "performance_profile", "memory_efficient", "eviction_policy", "lfu", "max_memory_mb", 100, "compression", true, "compression_level", 6)
	text := strings.Repeat("what compresses well ", 500)
	for i := 0; i < 2000; i++ {
		if err := cache.Set(fmt.Sprint("key-", i), text, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n, bytes := cache.Len(), cache.MemoryBytes(); n != 1000 || bytes > 100<<20 || bytes > int64(n*len(text))/2 {
		t.Fatal(n, bytes)
	}
}

func TestAdaptiveShardCount(t *testing.T) {
	cache := NewShardedCache(WithCapacity(100000), WithShardCount(64))
	defer cache.Close()
	adaptive := &AdaptiveCache{cache: cache, metrics: cache.Watch()}
	ticks := make(chan time.Time, 1)
	ticks <- time.Now()
	close(ticks)
	adaptive.AutoScale(ticks)
	if want := powerOfTwo(runtime.NumCPU()); cache.GetShardCount() != want {
		t.Fatal(cache.GetShardCount(), want)
	}
	for _, qps := range []float64{0, 99.9, 100, 500, 1000, 9999, 10000, 1e6} {
		if calculateOptimalShards(qps) != OptimalShards(qps) {
			t.Fatal(qps)
		}
	}
}

func powerOfTwo(n int) uint32 {
	power := uint32(1)
	for power < uint32(n) {
		power *= 2
	}
	return power
}

type AdaptiveCache struct {
	cache   *ShardedCache
	metrics *Metrics
}

// AutoScale is given its ticks, so that a test need not wait a minute.
func (a *AdaptiveCache) AutoScale(ticks <-chan time.Time) {
	for range ticks {
		qps := a.metrics.GetQPS()
		currentShards := a.cache.GetShardCount()

		optimalShards := calculateOptimalShards(qps)
		if optimalShards != currentShards {
			a.cache.Resize(optimalShards)
		}
	}
}

func calculateOptimalShards(qps float64) uint32 {
	switch {
	case qps < 100:
		return uint32(runtime.NumCPU())
	case qps < 1000:
		return uint32(runtime.NumCPU() * 2)
	case qps < 10000:
		return uint32(runtime.NumCPU() * 4)
	default:
		return uint32(runtime.NumCPU() * 8)
	}
}
