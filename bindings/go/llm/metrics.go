package llm

/*
#include <mynah.h>
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Alert thresholds: the library's defaults, see WithAlertMinSuccessRate and the
// options beside it.
const (
	// MinSuccessRate: alert when fewer calls succeed.
	MinSuccessRate = 0.95
	// MaxAvgLatency: alert when the mean call takes longer.
	MaxAvgLatency = 5 * time.Second
	// MaxP99Latency: alert when the 99th percentile is longer.
	MaxP99Latency = 30 * time.Second
	// MaxCostPerRequest: alert when the mean call costs more US dollars.
	MaxCostPerRequest = 0.50
)

// LLMMetrics are the figures to watch: a client's own, or those that Record has
// gathered. MetricsJSON has all there are.
type LLMMetrics struct {
	// RequestRate is calls per second.
	RequestRate float64
	// SuccessRate is the share of calls that succeeded; 0 before the first: see Calls.
	SuccessRate     float64
	AvgLatency      time.Duration
	P99Latency      time.Duration
	TokensPerSecond float64
	// CostPerRequest is in US dollars, over the calls whose cost is known.
	CostPerRequest float64
	// CacheHitRate is the share of look-ups that the response cache answered; 0
	// before the first.
	CacheHitRate float64
	// RetryRate is retries per call.
	RetryRate float64

	Calls, Failures        uint64
	P50Latency, P90Latency time.Duration
	// P99FirstToken is of streams; P99Overhead is the library's own part.
	P99FirstToken, P99Overhead time.Duration
	CostUSD, SavedUSD          float64
	// CostKnown is false where no call's cost was: then it is not zero.
	CostKnown    bool
	BreakerState string

	recorded recorded
}

type percentiles struct{ Mean, P50, P90, P99 float64 }

type figures struct {
	RequestRate     float64     `json:"request_rate"`
	SuccessRate     float64     `json:"success_rate"`
	Latency         percentiles `json:"latency_ms"`
	FirstToken      percentiles `json:"first_token_ms"`
	Overhead        percentiles `json:"overhead_ms"`
	TokensPerSecond float64     `json:"tokens_per_second"`
	CostPerRequest  *float64    `json:"cost_per_request_usd"`
	CacheHitRate    float64     `json:"cache_hit_rate"`
	RetryRate       float64     `json:"retry_rate"`
	Calls           uint64      `json:"calls"`
	Failures        uint64      `json:"failures"`
	CostUSD         float64     `json:"cost_usd"`
	SavedUSD        float64     `json:"saved_usd"`
	BreakerState    string      `json:"breaker_state"`
}

func (c *ProviderClient) read() (read figures, err error) {
	raw, err := c.MetricsJSON()
	if err != nil {
		return read, err
	}
	return read, json.Unmarshal(raw, &read)
}

// Metrics is what the client measures, now.
func (c *ProviderClient) Metrics() (*LLMMetrics, error) {
	m, err := c.read()
	if err != nil {
		return nil, err
	}
	out := &LLMMetrics{
		RequestRate: m.RequestRate, SuccessRate: m.SuccessRate,
		AvgLatency: millis(m.Latency.Mean), P99Latency: millis(m.Latency.P99),
		TokensPerSecond: m.TokensPerSecond, CacheHitRate: m.CacheHitRate, RetryRate: m.RetryRate,
		Calls: m.Calls, Failures: m.Failures, P50Latency: millis(m.Latency.P50), P90Latency: millis(m.Latency.P90),
		P99FirstToken: millis(m.FirstToken.P99), P99Overhead: millis(m.Overhead.P99),
		CostUSD: m.CostUSD, SavedUSD: m.SavedUSD, CostKnown: m.CostPerRequest != nil, BreakerState: m.BreakerState,
	}
	if m.CostPerRequest != nil {
		out.CostPerRequest = *m.CostPerRequest
	}
	return out, nil
}

// MetricsOf is what a client of this package measures, whatever it is: one for
// each provider's client that it is made of, of tiers the cheapest first.
func MetricsOf(client Client) ([]*LLMMetrics, error) {
	tiers, err := ProviderClients(client)
	if err != nil {
		return nil, err
	}
	var all []*LLMMetrics
	for _, tier := range tiers {
		metrics, err := tier.Metrics()
		if err != nil {
			return nil, err
		}
		all = append(all, metrics)
	}
	return all, nil
}

// MetricsJSON is everything that is measured, under the library's own names.
func (c *ProviderClient) MetricsJSON() (json.RawMessage, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	return take(C.mynah_client_metrics_json(c.handle, &value), value)
}

// AdviseJSON says what to change.
func (c *ProviderClient) AdviseJSON() (json.RawMessage, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	return take(C.mynah_client_advise_json(c.handle, &value), value)
}

// OptionsJSON is the effective value of each option, and where it comes from.
func (c *ProviderClient) OptionsJSON() (json.RawMessage, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	return take(C.mynah_client_options_json(c.handle, &value), value)
}

// Prometheus is the figures in Prometheus' text form. Those of two clients have
// the same names: each is scraped from a path of its own.
func (c *ProviderClient) Prometheus() ([]byte, error) {
	defer runtime.KeepAlive(c)
	var value *C.mynah_value
	return take(C.mynah_client_metrics_prometheus(c.handle, &value), value)
}

// recorded is what Record was given.
type recorded struct {
	mu        sync.Mutex
	begun     time.Time
	latencies []time.Duration
	sum       time.Duration
}

// Record adds a call that the caller has timed.
func (m *LLMMetrics) Record(elapsed time.Duration, err error) {
	r := &m.recorded
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.Calls == 0 {
		r.begun = time.Now().Add(-elapsed)
	}
	m.Calls++
	if err != nil {
		m.Failures++
	}
	r.sum += elapsed
	r.latencies = append(r.latencies, elapsed)
	m.SuccessRate = float64(m.Calls-m.Failures) / float64(m.Calls)
	m.AvgLatency = r.sum / time.Duration(m.Calls)
	if since := time.Since(r.begun).Seconds(); since > 0 {
		m.RequestRate = float64(m.Calls) / since
	}
}

// Settle brings the percentiles up to date with what was recorded.
func (m *LLMMetrics) Settle() {
	r := &m.recorded
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.latencies) == 0 {
		return
	}
	slices.Sort(r.latencies)
	// The nearest rank: the least that so many of a hundred calls, or more, are within.
	at := func(percent int) time.Duration { return r.latencies[(percent*len(r.latencies)+99)/100-1] }
	m.P50Latency, m.P90Latency, m.P99Latency = at(50), at(90), at(99)
}

// Report settles the figures and prints them to standard output.
func (m *LLMMetrics) Report() { fmt.Println(m) }

// String settles the figures and gives them on one line.
func (m *LLMMetrics) String() string {
	m.Settle()
	m.recorded.mu.Lock()
	defer m.recorded.mu.Unlock()
	return fmt.Sprintf("%d calls, %.1f/s, %.1f %% succeeded, latency mean %v p50 %v p90 %v p99 %v",
		m.Calls, m.RequestRate, m.SuccessRate*100, m.AvgLatency.Round(time.Microsecond),
		m.P50Latency.Round(time.Microsecond), m.P90Latency.Round(time.Microsecond), m.P99Latency.Round(time.Microsecond))
}
