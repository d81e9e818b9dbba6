package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWhatIsStoredIsFound(t *testing.T) {
	c := NewShardedCache(WithCapacity(1000), WithShardCount(4), WithTTL(time.Hour))
	defer c.Close()
	if err := c.Set("key", "value", 0); err != nil {
		t.Fatal(err)
	}
	if err := c.Set("bytes", []byte{0, 1}, Forever); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := c.Get("key"); string(got) != "value" || !ok || err != nil {
		t.Fatal(got, ok, err)
	}
	if got, ok, err := c.Get("none"); got != nil || ok || err != nil {
		t.Fatal(got, ok, err)
	}
	if c.Len() != 2 || c.GetShardCount() != 4 || c.MemoryBytes() == 0 || c.Capacity() != 1000 {
		t.Fatal(c.Len(), c.GetShardCount(), c.MemoryBytes(), c.Capacity())
	}
	for _, none := range []any{7, nil, []string{"a"}, [1]byte{1}} {
		if err := c.Set("key", none, 0); err == nil {
			t.Fatalf("a %T was taken", none)
		}
	}
	if ok, err := c.Remove("key"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if ok, err := c.Remove("key"); ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestATextOfAnyTypeIsStored(t *testing.T) {
	type text string
	c := NewShardedCache()
	defer c.Close()
	for want, value := range map[string]any{`{"a":1}`: json.RawMessage(`{"a":1}`), "named": text("named")} {
		if err := c.Set("key", value, 0); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := c.Get("key"); string(got) != want || !ok || err != nil {
			t.Fatal(string(got), ok, err)
		}
	}
}

func TestAnEntryExpires(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	c.Set("key", "value", 10*time.Millisecond)
	time.Sleep(20 * time.Millisecond)
	if _, ok, _ := c.Get("key"); ok {
		t.Fatal("still there")
	}
}

func TestTheLibraryTellsItsVersion(t *testing.T) {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(Version()) {
		t.Fatal(Version())
	}
}

func TestAWrongOptionIsNamed(t *testing.T) {
	_, err := New(WithShardCount(1 << 30))
	if !errors.Is(err, ErrOutOfRange) || !strings.Contains(err.Error(), "shard_count") {
		t.Fatal(err)
	}
	if _, err = New(With("shards", "1")); !errors.Is(err, ErrUnknownOption) {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Fatal("NewShardedCache took a wrong option")
		}
	}()
	NewShardedCache(WithCompressionLevel(99))
}

func TestAClosedCacheSaysSo(t *testing.T) {
	c := NewShardedCache()
	c.Close()
	c.Close()
	if err := c.Set("k", "v", 0); !errors.Is(err, ErrInvalidHandle) {
		t.Fatal(err)
	}
}

func TestEveryOptionHasItsWith(t *testing.T) {
	header, err := os.ReadFile("../../../include/mynah.h")
	if err != nil {
		t.Skip(err)
	}
	ours, err := os.ReadFile("options.go")
	if err != nil {
		t.Fatal(err)
	}
	setters := regexp.MustCompile(`mynah_cache_options_set_(\w+)\(`).FindAllStringSubmatch(string(header), -1)
	if len(setters) < 26 {
		t.Fatal(len(setters))
	}
	for _, setter := range setters {
		if !regexp.MustCompile(`\b(of|in)\("` + setter[1] + `"`).MatchString(string(ours)) {
			t.Error(setter[1])
		}
	}
}

func TestGoroutinesShareACacheThatIsResizedAndClosed(t *testing.T) {
	c := NewShardedCache(WithCapacity(10000))
	var group sync.WaitGroup
	for g := 0; g < 8; g++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < 2000; i++ {
				key := fmt.Sprint(i)
				c.Set(key, key, 0)
				if got, ok, _ := c.Get(key); ok && string(got) != key {
					t.Error(string(got))
				}
			}
		}()
	}
	if err := c.Resize(32); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	raw, err := c.MetricsJSON()
	if err != nil || !json.Valid(raw) {
		t.Fatal(string(raw), err)
	}
	c.Close()
}

func ExampleNewShardedCache() {
	c := NewShardedCache(
		WithWorkloadType(WorkloadReadHeavy),
		WithCleanupInterval(10*time.Minute),
		WithEvictionPolicy("LRU"),
		WithCapacity(100000),
		WithTTL(1*time.Hour),
	)
	defer c.Close()
	c.Set("greeting", "hello", 0)
	value, ok, _ := c.Get("greeting")
	fmt.Println(string(value), ok)
	// Output: hello true
}
