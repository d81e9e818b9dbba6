package cache

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestMetricsHaveTheGuidesFields(t *testing.T) {
	c := NewShardedCache(WithShardCount(4), WithCapacity(1000))
	defer c.Close()
	c.Set("key", "value", 0)
	for i := 0; i < 3; i++ {
		c.Get("key")
	}
	c.Get("none")
	m, err := c.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	if m.HitRate != 0.75 || m.MissRate != 0.25 || m.ItemCount != 1 || len(m.ShardBalance) != 4 || m.MemoryUsage != c.MemoryBytes() ||
		m.AvgGetLatency <= 0 || m.AvgSetLatency <= 0 || m.Hits != 3 || m.Misses != 1 || m.EvictionRate != 0 {
		t.Fatalf("%+v", m)
	}
	for _, read := range []func() (json.RawMessage, error){c.AdviseJSON, c.OptionsJSON} {
		if raw, err := read(); err != nil || !json.Valid(raw) {
			t.Fatal(string(raw), err)
		}
	}
	if text, err := c.Prometheus(); err != nil || !strings.Contains(string(text), "# TYPE") {
		t.Fatal(err)
	}
}

func TestALookUpCountsOnceHoweverLongItsValueIs(t *testing.T) {
	for name, options := range map[string][]Option{
		"alone": nil,
		"heard": {WithOnEvict(func(string, []byte, Reason) {})},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewShardedCache(append(options, WithCapacity(1000))...)
			defer c.Close()
			long := make([]byte, 5*scratch)
			c.SetBytes("short", long[:8], 0)
			c.SetBytes("long", long, 0)
			for i := 0; i < 300; i++ {
				for _, key := range []string{"short", "long", "none"} {
					value, ok, err := c.Get(key)
					if ok != (key != "none") || err != nil || key == "long" && len(value) != len(long) {
						t.Fatal(key, len(value), ok, err)
					}
				}
				if _, ok, err := c.GetInto(make([]byte, 1), "long"); ok || !errors.Is(err, ErrTooLarge) {
					t.Fatal(ok, err)
				}
				// A place that is too small at first.
				if err := c.GetMany([]string{"long", "none", "short"}, &Found{}); err != nil {
					t.Fatal(err)
				}
			}
			m, err := c.Metrics()
			if err != nil || m.Hits != 1200 || m.Misses != 600 {
				t.Fatal(m.Hits, m.Misses, err)
			}
		})
	}
}

// option is an option's effective value.
func option(t *testing.T, c *ShardedCache, name string) any {
	t.Helper()
	raw, err := c.OptionsJSON()
	if err != nil {
		t.Fatal(err)
	}
	var rows map[string]struct{ Value any }
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err)
	}
	return rows[name].Value
}

func TestTheAlertConstantsAreTheLibrarysDefaults(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	for name, want := range map[string]float64{
		"alert_min_hit_rate":        MinHitRate,
		"alert_max_get_latency_us":  float64(MaxGetLatency.Microseconds()),
		"alert_max_memory_mb":       MaxMemoryUsage >> 20,
		"alert_max_shard_imbalance": MaxShardImbalance,
	} {
		if got := option(t, c, name); got != want {
			t.Errorf("%s: %v, not %v", name, got, want)
		}
	}
}

func TestShardsFollowTheLoad(t *testing.T) {
	cores := uint32(runtime.NumCPU())
	for qps, want := range map[float64]uint32{0: cores, 99: cores, 100: 2 * cores, 999: 2 * cores, 1000: 4 * cores, 9999: 4 * cores, 10000: 8 * cores} {
		if got := OptimalShards(qps); got != want {
			t.Errorf("%v: %v, not %v", qps, got, want)
		}
	}
	c := NewShardedCache(WithShardCount(64), WithCapacity(100000))
	defer c.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- c.AutoScale(ctx, time.Millisecond) }()
	for end := time.Now().Add(10 * time.Second); c.GetShardCount() == 64; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("an idle cache keeps its shards")
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestWhatIsOverTheWholeCache(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	for _, key := range []string{"a/1", "a/2", "b/1"} {
		c.Set(key, key, 0)
	}
	path := filepath.Join(t.TempDir(), "saved")
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	if n, err := c.RemovePrefix("a/"); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if ok, err := c.Contains("a/1"); ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := c.Load(path); err != nil || c.Len() != 3 {
		t.Fatal(c.Len(), err)
	}
	if ok, err := c.Touch("a/1", time.Hour); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := c.Load(path + ".none"); !errors.Is(err, ErrIO) {
		t.Fatal(err)
	}
	if err := c.SetCapacity(1); err != nil || c.Len() > 1 {
		t.Fatal(c.Len(), err)
	}
}

type marshals string

func (m marshals) MarshalText() ([]byte, error) { return []byte(m), nil }

func TestWhatMarshalsItselfIsStored(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	if err := c.Set("key", marshals("text"), 0); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := c.Get("key"); string(got) != "text" {
		t.Fatal(string(got))
	}
}
