package cache

/*
#include <mynah.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"time"
	"unsafe"

	"mynah/internal/lib"
)

// Option is one setting of a cache. The library checks it, and says the range.
type Option struct {
	name, value string
	// callback installs a function of the caller's instead.
	callback func(*C.mynah_cache_options, *lib.Notices) C.mynah_status
	// none sets nothing.
	none bool
}

// ShardedCacheOption is an Option.
type ShardedCacheOption = Option

// With sets any option by the library's own name.
func With(name, value string) Option { return Option{name: name, value: value} }

func (o Option) apply(options *C.mynah_cache_options, to *lib.Notices) error {
	if o.none {
		return nil
	}
	if o.callback != nil {
		return lib.Installed(int32(o.callback(options, to)))
	}
	if err := lib.Texts("an option's name", o.name, o.name, o.value); err != nil {
		return err
	}
	name, value := C.CString(o.name), C.CString(o.value)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(value))
	var failure *C.mynah_error
	return told(C.mynah_cache_options_set(options, name, value, &failure), failure)
}

// Workload is a layer of settings for a kind of load.
type Workload string

// Performance is a layer of settings for an aim, under the workload's.
type Performance string

// The layers.
const (
	WorkloadReadHeavy  Workload = "read_heavy"
	WorkloadWriteHeavy Workload = "write_heavy"
	WorkloadMixed      Workload = "mixed"
	WorkloadBursty     Workload = "bursty"

	PerformanceLowLatency      Performance = "low_latency"
	PerformanceHighThroughput  Performance = "high_throughput"
	PerformanceBalanced        Performance = "balanced"
	PerformanceMemoryEfficient Performance = "memory_efficient"
)

func of(name string, value any) Option { return With(name, fmt.Sprint(value)) }

func in(name string, d, unit time.Duration) Option { return of(name, lib.In(d, unit)) }

// WithCapacity is capacity: Most entries that the whole cache holds.
func WithCapacity(n int) Option { return of("capacity", n) }

// WithShardCount is shard_count: Independently locked parts of the cache,
// rounded up to a power of two and held to at least 64 entries each, and to
// three eighths of max_memory_mb; 0: four for each core, at least 256 entries
// each.
func WithShardCount(n uint32) Option { return of("shard_count", n) }

// WithTTL is default_ttl_ms: Lifetime in milliseconds of an entry that is
// stored without its own; 0: it never expires.
func WithTTL(ttl time.Duration) Option {
	if ttl == Forever {
		ttl = 0
	}
	return in("default_ttl_ms", ttl, time.Millisecond)
}

// WithCleanupInterval is cleanup_interval_ms: Milliseconds between sweeps of expired
// entries; 0: they stay until they are read (not with the strategy periodic) or
// evicted.
func WithCleanupInterval(interval time.Duration) Option {
	return in("cleanup_interval_ms", interval, time.Millisecond)
}

// WithCleanupBatchSize is cleanup_batch_size: Expired entries that a sweep
// removes before it lets go of the shard's lock.
func WithCleanupBatchSize(n int) Option { return of("cleanup_batch_size", n) }

// WithCleanupStrategy is cleanup_strategy: When expired entries leave: at each
// interval, only when they are met, at a pace that follows what the sweep
// finds, or when met and at each interval.
func WithCleanupStrategy(strategy string) Option { return of("cleanup_strategy", strategy) }

// WithAdaptiveCleanup is adaptive_cleanup: Shorthand for the adaptive strategy;
// set to false: not even where a workload or profile has it.
func WithAdaptiveCleanup(on bool) Option { return of("adaptive_cleanup", on) }

// WithEvictionPolicy is eviction_policy: Which entry leaves when the cache is
// full.
func WithEvictionPolicy(policy string) Option { return of("eviction_policy", policy) }

// WithWorkloadType is workload_type: A layer of settings for a kind of load,
// under everything that is set explicitly.
func WithWorkloadType(workload Workload) Option { return of("workload_type", workload) }

// WithPerformanceProfile is performance_profile: A layer of settings for an
// aim, under the workload's and everything that is set explicitly.
func WithPerformanceProfile(profile Performance) Option { return of("performance_profile", profile) }

// WithMaxRetries is max_retries: With retry_delay_ms, bounds the wait for a
// contended shard by their product, then the call answers BUSY; 0 for either:
// it waits as long as it takes.
func WithMaxRetries(n int) Option { return of("max_retries", n) }

// WithRetryDelay is retry_delay_ms: Milliseconds that each of max_retries
// stands for; a waiting call is woken the moment the shard is free.
func WithRetryDelay(delay time.Duration) Option {
	return in("retry_delay_ms", delay, time.Millisecond)
}

// WithAutoTuning is auto_tuning: Lets the cache change its shards, sweep
// interval and eviction policy by what it measures.
func WithAutoTuning(on bool) Option { return of("auto_tuning", on) }

// WithMaxMemoryMB is max_memory_mb: Hard bound on the accounted bytes of the
// whole cache, in MiB; 0: no bound.
func WithMaxMemoryMB(n int) Option { return of("max_memory_mb", n) }

// WithMaxEntryBytes is max_entry_bytes: Largest key and value together that is
// stored, in bytes, a packed value counted as packed; 0: no bound.
func WithMaxEntryBytes(n int) Option { return of("max_entry_bytes", n) }

// WithCompression is compression: Compresses values with zstd where that makes
// them smaller.
func WithCompression(on bool) Option { return of("compression", on) }

// WithCompressionLevel is compression_level: zstd's level: higher is smaller
// and slower.
func WithCompressionLevel(n int) Option { return of("compression_level", n) }

// WithCompressionThreshold is compression_threshold: Values of fewer bytes are
// stored as they are.
func WithCompressionThreshold(n int) Option { return of("compression_threshold", n) }

// WithMetricsEnabled is metrics_enabled: Counts hits, misses and latencies;
// without them auto_tuning decides nothing, and no alert is raised but those
// on memory and shards, when the metrics are read.
func WithMetricsEnabled(on bool) Option { return of("metrics_enabled", on) }

// WithTTLJitterPercent is ttl_jitter_percent: Shortens each lifetime by a
// random share of up to this many percent, so that entries stored together do
// not expire together; 0: not at all.
func WithTTLJitterPercent(n int) Option { return of("ttl_jitter_percent", n) }

// WithStaleWhileRevalidate is stale_while_revalidate_ms: Milliseconds after
// its expiry during which get_or_claim answers the old value while one caller
// renews it; 0: off.
func WithStaleWhileRevalidate(window time.Duration) Option {
	return in("stale_while_revalidate_ms", window, time.Millisecond)
}

// WithHashSeed is hash_seed: Seed of the key hash, for repeatable runs; 0:
// random, which keeps others from choosing colliding keys.
func WithHashSeed(seed uint64) Option { return of("hash_seed", seed) }

// WithAlertMinHitRate is alert_min_hit_rate: Alerts when the hit rate of 100
// look-ups or more falls below; 0: off.
func WithAlertMinHitRate(share float64) Option { return of("alert_min_hit_rate", share) }

// WithAlertMaxGetLatency is alert_max_get_latency_us: Alerts when the mean
// latency of some 2,000 gets or more exceeds this many microseconds; 0: off.
func WithAlertMaxGetLatency(latency time.Duration) Option {
	return in("alert_max_get_latency_us", latency, time.Microsecond)
}

// WithAlertMaxMemoryMB is alert_max_memory_mb: Alerts when the accounted
// memory exceeds this many MiB; 0: off.
func WithAlertMaxMemoryMB(n int) Option { return of("alert_max_memory_mb", n) }

// WithAlertMaxShardImbalance is alert_max_shard_imbalance: Alerts when a
// shard's entries, and their bytes too, deviate from the mean by more than this
// share; 0: off.
func WithAlertMaxShardImbalance(share float64) Option { return of("alert_max_shard_imbalance", share) }
