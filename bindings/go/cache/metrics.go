package cache

/*
#include <mynah.h>
*/
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"mynah/internal/lib"
)

// Alert thresholds: the library's defaults, see WithAlertMinHitRate and the
// options beside it.
const (
	// MinHitRate: alert when fewer look-ups hit.
	MinHitRate = 0.80
	// MaxGetLatency: alert when the mean look-up takes longer.
	MaxGetLatency = 1 * time.Millisecond
	// MaxMemoryUsage: alert when more bytes are accounted.
	MaxMemoryUsage = 1 << 30
	// MaxShardImbalance: alert when a shard deviates more from the mean.
	MaxShardImbalance = 0.20
)

// CacheMetrics are the figures to watch; MetricsJSON has all there are.
type CacheMetrics struct {
	// HitRate and MissRate are shares of the look-ups; both are 0 before the first.
	HitRate, MissRate float64
	// EvictionRate is evictions per store.
	EvictionRate  float64
	AvgGetLatency time.Duration
	AvgSetLatency time.Duration
	// MemoryUsage is the accounted bytes.
	MemoryUsage int64
	ItemCount   int64
	// ShardBalance is the items of each shard.
	ShardBalance []int

	Hits, Misses, Sets, Evictions uint64
	P99GetLatency, P99SetLatency  time.Duration
	// ShardImbalance is the largest deviation from the mean, as a share of it.
	ShardImbalance float64
	// QPS is operations per second over the last window.
	QPS float64
}

// Metrics is what the cache measures, now.
func (c *ShardedCache) Metrics() (CacheMetrics, error) {
	raw, err := c.MetricsJSON()
	if err != nil {
		return CacheMetrics{}, err
	}
	type latency struct{ Mean, P99 float64 }
	var m struct {
		Hits, Misses, Sets, Evictions uint64
		HitRate                       float64 `json:"hit_rate"`
		MissRate                      float64 `json:"miss_rate"`
		EvictionRate                  float64 `json:"eviction_rate"`
		Get                           latency `json:"get_latency_ns"`
		Set                           latency `json:"set_latency_ns"`
		MemoryBytes                   int64   `json:"memory_bytes"`
		Items                         int64
		ShardItems                    []int   `json:"shard_items"`
		ShardImbalance                float64 `json:"shard_imbalance"`
		QPS                           float64 `json:"operations_per_second"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return CacheMetrics{}, err
	}
	return CacheMetrics{
		HitRate: m.HitRate, MissRate: m.MissRate, EvictionRate: m.EvictionRate,
		AvgGetLatency: time.Duration(m.Get.Mean), AvgSetLatency: time.Duration(m.Set.Mean),
		MemoryUsage: m.MemoryBytes, ItemCount: m.Items, ShardBalance: m.ShardItems,
		Hits: m.Hits, Misses: m.Misses, Sets: m.Sets, Evictions: m.Evictions,
		P99GetLatency: time.Duration(m.Get.P99), P99SetLatency: time.Duration(m.Set.P99),
		ShardImbalance: m.ShardImbalance, QPS: m.QPS,
	}, nil
}

// MetricsJSON is everything that is measured, under the library's own names.
func (c *ShardedCache) MetricsJSON() (json.RawMessage, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	return take(C.mynah_cache_metrics_json(c.handle, &value), value)
}

// AdviseJSON says what to change, and what another capacity would bring.
func (c *ShardedCache) AdviseJSON() (json.RawMessage, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	return take(C.mynah_cache_advise_json(c.handle, &value), value)
}

// OptionsJSON is the effective value of each option, and where it comes from.
func (c *ShardedCache) OptionsJSON() (json.RawMessage, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	return take(C.mynah_cache_options_json(c.handle, &value), value)
}

// Prometheus is the figures in Prometheus' text form. Those of two caches have
// the same names: each is scraped from a path of its own.
func (c *ShardedCache) Prometheus() ([]byte, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	return take(C.mynah_cache_metrics_prometheus(c.handle, &value), value)
}

// Metrics watches a cache, for code that asks again and again.
type Metrics struct{ cache *ShardedCache }

// Watch makes Metrics of the cache.
func (c *ShardedCache) Watch() *Metrics { return &Metrics{c} }

// GetQPS is operations per second over the last window; 0 for a closed cache.
func (m *Metrics) GetQPS() float64 {
	now, err := m.cache.Metrics()
	if err != nil {
		return 0
	}
	return now.QPS
}

// OptimalShards is how many shards suit a load, by the bands that the option
// auto_tuning goes by too.
func OptimalShards(qps float64) uint32 {
	cores := uint32(runtime.NumCPU())
	switch {
	case qps < 100:
		return cores
	case qps < 1_000:
		return cores * 2
	case qps < 10_000:
		return cores * 4
	}
	return cores * 8
}

// AutoScale fits the shards to the load at each interval, until the context
// ends, whose error it returns. WithAutoTuning does more, inside the library.
func (c *ShardedCache) AutoScale(ctx context.Context, interval time.Duration) error {
	if interval <= 0 {
		return &Error{Status: ErrOutOfRange.Status, Message: fmt.Sprint("interval: ", interval, " is not positive")}
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	metrics := c.Watch()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		if err := c.Resize(OptimalShards(metrics.GetQPS())); err != nil {
			return err
		}
	}
}

func take(status C.mynah_status, value *C.mynah_value) ([]byte, error) {
	if status != C.MYNAH_OK {
		return nil, check(status)
	}
	return lib.Take(unsafe.Pointer(value)), nil
}
