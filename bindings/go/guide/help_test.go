package guide

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"mynah/cache"
	"mynah/llm"
	"mynah/mock"
)

// has checks effective options: names and values in turn.
func has(t *testing.T, c *cache.ShardedCache, pairs ...any) {
	t.Helper()
	raw, err := c.OptionsJSON()
	if err != nil {
		t.Fatal(err)
	}
	var rows map[string]struct {
		Value  any
		Origin string
	}
	exact := json.NewDecoder(bytes.NewReader(raw))
	exact.UseNumber()
	if err := exact.Decode(&rows); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if row := rows[pairs[i].(string)]; fmt.Sprint(row.Value) != fmt.Sprint(pairs[i+1]) || row.Origin != "explicit" {
			t.Errorf("%v: %v from %s, not %v", pairs[i], row.Value, row.Origin, pairs[i+1])
		}
	}
}

// keeps checks that a cache keeps what it is given.
func keeps(t *testing.T, c *cache.ShardedCache, n int) {
	t.Helper()
	for i := 0; i < n; i++ {
		key := fmt.Sprint("key-", i)
		if err := c.Set(key, key, 0); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := c.Get(key); string(got) != key || !ok || err != nil {
			t.Fatal(key, string(got), ok, err)
		}
	}
}

// sends asks once and checks fields of the body that arrives: names and values
// in turn.
func sends(t *testing.T, client llm.Client, m *mock.Mock, pairs ...any) {
	t.Helper()
	answer, err := client.Complete(context.Background(), "hello")
	if err != nil || answer.Text == "" {
		t.Fatal(answer, err)
	}
	stats, err := m.Stats()
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(stats.LastRequest.Body, &body); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if body[pairs[i].(string)] != pairs[i+1] {
			t.Errorf("%v: %v, not %v", pairs[i], body[pairs[i].(string)], pairs[i+1])
		}
	}
}
