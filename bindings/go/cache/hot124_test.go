//go:build go1.24 && !race

package cache

import "testing"

func TestAHitAllocatesNothing(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	c.Set("key", "value", 0)
	key, value, buf := []byte("key"), []byte("value"), make([]byte, 0, 64)
	for name, step := range map[string]func(){
		"AppendGet": func() { buf, _, _ = c.AppendGet(buf[:0], string(key)) },
		"GetInto":   func() { c.GetInto(buf[:cap(buf)], string(key)) },
		"SetBytes":  func() { c.SetBytes(string(key), value, 0) },
		"a miss":    func() { c.Get("none") },
	} {
		if n := testing.AllocsPerRun(1000, step); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if n := testing.AllocsPerRun(1000, func() { c.Get("key") }); n > 1 {
		t.Errorf("Get: %v allocations, not the copy alone", n)
	}
}
