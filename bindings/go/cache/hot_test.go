package cache

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestAValueGoesIntoTheCallersBuffer(t *testing.T) {
	c := NewShardedCache(WithCapacity(1000))
	defer c.Close()
	long := strings.Repeat("long", 1000)
	c.SetString("short", "value", 0)
	c.SetBytes("long", []byte(long), 0)
	c.Set("empty", "", 0)
	buf := make([]byte, 8)
	if n, ok, err := c.GetInto(buf, "short"); string(buf[:n]) != "value" || !ok || err != nil {
		t.Fatal(n, ok, err)
	}
	if n, ok, err := c.GetInto(buf, "long"); n != 4000 || ok || !errors.Is(err, ErrTooLarge) {
		t.Fatal(n, ok, err)
	}
	if n, ok, err := c.GetInto(nil, "none"); n != 0 || ok || err != nil {
		t.Fatal(n, ok, err)
	}
	if got, ok, err := c.AppendGet([]byte("before "), "long"); string(got) != "before "+long || !ok || err != nil {
		t.Fatal(len(got), ok, err)
	}
	if got, ok, err := c.Get("long"); string(got) != long || !ok || err != nil {
		t.Fatal(len(got), ok, err)
	}
	if got, ok, err := c.Get("empty"); got == nil || len(got) != 0 || !ok || err != nil {
		t.Fatal(got, ok, err)
	}
}

func TestALookUpWritesNothingBesideTheValue(t *testing.T) {
	for name, option := range map[string]Option{
		"nobody listens": {none: true},
		"on evict":       WithOnEvict(func(string, []byte, Reason) {}),
		"on alert":       WithOnAlert(func(Alert) {}),
	} {
		c := NewShardedCache(option)
		defer c.Close()
		c.Set("key", "value", 0)
		mine := []byte("0123456789 of another")
		for _, look := range []func(){
			func() { c.GetInto(mine[:10], "none") },
			func() { c.AppendGet(mine[:0], "none") },
			func() { c.GetInto(mine[:3], "key") },
		} {
			if look(); string(mine) != "0123456789 of another" {
				t.Fatalf("%s: %s", name, mine)
			}
		}
		c.GetInto(mine[:10], "key")
		c.AppendGet(mine[:10], "key")
		if string(mine) != "value56789valuenother" {
			t.Fatalf("%s: %s", name, mine)
		}
	}
}

func TestManyKeysCrossOnce(t *testing.T) {
	c := NewShardedCache(WithCapacity(10000))
	defer c.Close()
	var entries []Entry
	var keys []string
	for i := 0; i < 500; i++ {
		key := fmt.Sprint("key ", i)
		keys = append(keys, key, "no "+key)
		entries = append(entries, Entry{key, []byte(strings.Repeat(key, i%50))})
	}
	if err := c.SetMany(entries, 0); err != nil {
		t.Fatal(err)
	}
	var found Found
	for round := 0; round < 3; round++ {
		if err := c.GetMany(keys, &found); err != nil || found.Len() != len(keys) {
			t.Fatal(found.Len(), err)
		}
		for i, entry := range entries {
			if got, ok := found.Value(2 * i); !ok || string(got) != string(entry.Value) {
				t.Fatal(round, i, string(got), ok)
			}
			if got, ok := found.Value(2*i + 1); ok || got != nil {
				t.Fatal(round, i, got)
			}
		}
	}
	if err := c.GetMany(nil, &found); err != nil || found.Len() != 0 {
		t.Fatal(found.Len(), err)
	}
	if err := c.GetMany(keys, &found); err != nil {
		t.Fatal(err)
	}
	if err := c.SetMany(nil, 0); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := c.GetMany(keys, &found); !errors.Is(err, ErrInvalidHandle) || found.Len() != len(keys) {
		t.Fatal(err)
	}
	for i := range keys {
		if value, ok := found.Value(i); ok || value != nil {
			t.Fatal(i, string(value))
		}
	}
}

func TestManyKeysKeepTheirValuesWhileOthersWriteAndResize(t *testing.T) {
	c := NewShardedCache(WithCapacity(5000))
	defer c.Close()
	var group sync.WaitGroup
	work := func(of func(round int)) {
		group.Add(1)
		go func() {
			defer group.Done()
			for round := 0; round < 100; round++ {
				of(round)
			}
		}()
	}
	keys := make([]string, 700)
	for i := range keys {
		keys[i] = fmt.Sprint("key ", i)
	}
	for g := 0; g < 2; g++ {
		work(func(round int) {
			for i, key := range keys {
				c.SetString(key, strings.Repeat(key+";", 1+(i+round)%300), 0)
			}
		})
		var found Found
		work(func(int) {
			if err := c.GetMany(keys, &found); err != nil {
				t.Error(err)
			}
			for i, key := range keys {
				value, ok := found.Value(i)
				if ok && strings.Trim(strings.ReplaceAll(string(value), key+";", ""), ";") != "" {
					t.Errorf("%s: %.60s", key, value)
				}
			}
		})
	}
	work(func(round int) { c.Resize(1 << (round % 6)) })
	group.Wait()
}

func TestEvictionsAreTold(t *testing.T) {
	left := map[string]Reason{}
	c := NewShardedCache(WithCapacity(100), WithShardCount(1), WithOnEvict(func(key string, value []byte, reason Reason) {
		if !strings.HasSuffix(key, string(value)) {
			t.Error(key, string(value))
		}
		deep(50) // a stack that grows, and moves, under the call
		left[key] = reason
	}))
	defer c.Close()
	for i := 0; i < 200; i++ {
		if err := c.Set(fmt.Sprint("key", i), fmt.Sprint(i), 0); err != nil {
			t.Fatal(err)
		}
	}
	if len(left) != 100 {
		t.Fatal(len(left))
	}
	var live string
	for i := 0; live == ""; i++ {
		if key := fmt.Sprint("key", i); left[key] == 0 {
			if _, gone := left[key]; !gone {
				live = key
			}
		}
	}
	if got, ok, err := c.Get(live); !ok || !strings.HasSuffix(live, string(got)) || err != nil {
		t.Fatal(live, string(got), ok, err)
	}
	c.Remove(live)
	if left[live] != ReasonRemoved {
		t.Fatal(left[live])
	}
	c.Clear()
	if len(left) != 200 {
		t.Fatal(len(left))
	}
}

func deep(n int) int {
	var frame [4096]byte
	if n == 0 {
		return int(frame[0])
	}
	return deep(n-1) + int(frame[n])
}
