// Package examples runs each example against the mock.
package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func run(t *testing.T, name string, says ...string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(name, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(source), "\n"); lines >= 80 {
		t.Errorf("%d lines are no small example", lines)
	}
	program := filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("go", "build", "-o", program, "./"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	command := exec.Command(program)
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "OPENAI_") {
			command.Env = append(command.Env, entry)
		}
	}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, text := range says {
		if !strings.Contains(string(out), text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
}

func TestCache(t *testing.T) {
	run(t, "cache", "greeting: hello true <nil>", "user:999: name 999", "111 removed, 890 left in 16 shards, hit rate 1.00")
}

func TestChat(t *testing.T) {
	run(t, "chat", "first: I heard: Why do mynahs talk?", "second: I heard: And parrots?", "again: from the cache")
}

func TestStream(t *testing.T) {
	run(t, "stream", "Tell me a story.", "-- stop after", "-- cancelled after", "its connection is closed")
}

func TestProduction(t *testing.T) {
	run(t, "production", "breaker of gpt-4o: closed to open", "alert: alert_min_success_rate raised true",
		"small tier: 200 calls, 20 of them fallbacks", "success 100 %")
}
