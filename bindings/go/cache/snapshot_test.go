package cache

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

func TestASnapshotTellsHowFarItIsAndCanBeStopped(t *testing.T) {
	c := NewShardedCache(WithCapacity(10000))
	defer c.Close()
	for i := 0; i < 1000; i++ {
		c.Set(fmt.Sprint("key", i), "value", 0)
	}
	var first, last, whole uint64
	calls := 0
	follow := func(done, total uint64) bool {
		if calls++; calls == 1 {
			first = done
		}
		last, whole = done, total
		return true
	}
	path := t.TempDir() + "/saved"
	if n, err := c.SaveWith(path, follow); n != 1000 || err != nil || calls < 2 || first != 0 || last != whole {
		t.Fatal(n, err, calls, first, last, whole)
	}
	calls = 0
	other := NewShardedCache(WithCapacity(10000))
	defer other.Close()
	if n, err := other.LoadWith(path, follow); n != 1000 || err != nil || calls < 2 || first != 0 || last != whole {
		t.Fatal(n, err, calls, first, last, whole)
	}
	if got, ok, _ := other.Get("key999"); !ok || string(got) != "value" {
		t.Fatal(string(got), ok)
	}
	saved, _ := os.ReadFile(path)
	c.Clear()
	stop := func(done, total uint64) bool { return false }
	if _, err := c.SaveWith(path, stop); !errors.Is(err, ErrStopped) {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(saved) {
		t.Fatal("a save that was stopped has left something", err)
	}
	if _, err := c.LoadWith(path, stop); !errors.Is(err, ErrStopped) || c.Len() != 0 {
		t.Fatal(err, c.Len())
	}
	if n, err := c.SaveWith(path, nil); n != 0 || err != nil {
		t.Fatal(n, err)
	}
}
