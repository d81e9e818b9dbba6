package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestTheLibrarySaysHowItWasBuilt(t *testing.T) {
	info, err := BuildInfo()
	if want := fmt.Sprintf(`"abi_version":%d`, ABIVersion()); err != nil || !strings.Contains(string(info), want) || !strings.Contains(string(info), Version()) {
		t.Fatal(string(info), err)
	}
}

func TestWhatIsTooLargeOrWrongIsToldInWords(t *testing.T) {
	c := NewShardedCache(WithMaxEntryBytes(10))
	_, wrongLevel := New(WithLog(99, func(LogLevel, []byte) {}))
	single, many := c.Set("k", make([]byte, 100), 0), c.SetMany([]Entry{{Key: "a"}, {Key: "key", Value: make([]byte, 100)}}, 0)
	negative := c.SetNegative(strings.Repeat("k", 11), 0)
	c.Close()
	for want, err := range map[string]error{
		"level: must be":              wrongLevel,
		"entry: 101 bytes are beyond": single,
		"entry: 103 bytes are beyond": many,
		"entry: 11 bytes are beyond":  negative,
		"invalid_handle: freed":       c.Set("k", "v", 0),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Error(err, "says not", want)
		}
	}
}

func TestWhatIsOverAlreadyIsNotStored(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	load := func(context.Context) ([]byte, error) { return []byte("v"), nil }
	for name, try := range map[string]func() error{
		"Set":       func() error { return c.Set("key", "value", -time.Second) },
		"SetMany":   func() error { return c.SetMany([]Entry{{"key", nil}}, -1) },
		"GetOrLoad": func() error { _, err := c.GetOrLoad(context.Background(), "key", -1, load); return err },
		"Touch":     func() error { _, err := c.Touch("key", -1); return err },
	} {
		if err := try(); !errors.Is(err, ErrOutOfRange) || !strings.Contains(err.Error(), "ttl") {
			t.Error(name, err)
		}
	}
	if c.Len() != 0 {
		t.Fatal(c.Len())
	}
}

func TestAnIntervalThatIsNoneIsRefused(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	for _, none := range []time.Duration{0, -time.Second} {
		if err := c.AutoScale(context.Background(), none); !errors.Is(err, ErrOutOfRange) {
			t.Error(none, err)
		}
	}
}

func TestALittleTimeIsNotNone(t *testing.T) {
	c := NewShardedCache(WithTTL(time.Microsecond), WithCleanupInterval(time.Nanosecond), WithRetryDelay(1500*time.Microsecond))
	defer c.Close()
	for name, want := range map[string]float64{"default_ttl_ms": 1, "cleanup_interval_ms": 1, "retry_delay_ms": 2} {
		if got := option(t, c, name); got != want {
			t.Error(name, got)
		}
	}
	if _, err := New(WithTTL(-time.Nanosecond)); !errors.Is(err, ErrOutOfRange) {
		t.Error(err)
	}
	forever := NewShardedCache(WithTTL(Forever))
	defer forever.Close()
	if got := option(t, forever, "default_ttl_ms"); got != 0.0 {
		t.Error(got)
	}
}

func TestATextWithAZeroByteIsRefusedNotCut(t *testing.T) {
	if _, err := New(With("eviction_policy", "lru\x00fu")); !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "eviction_policy") {
		t.Error(err)
	}
	if _, err := New(With("capacity\x00", "7")); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	c := NewShardedCache()
	defer c.Close()
	path := t.TempDir() + "/saved"
	if err := c.Save(path + "\x00.bak"); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if err := c.Load(path + "\x00"); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file of half the name")
	}
	if err := c.Set("a\x00b", "c\x00d", 0); err != nil {
		t.Error(err)
	}
	if got, _, _ := c.Get("a\x00b"); string(got) != "c\x00d" {
		t.Errorf("%q", got)
	}
}

// A panic that left C would leave the library in the middle of its call.
func TestAPanicInACallbackEndsTheProgram(t *testing.T) {
	if os.Getenv("MYNAH_TEST_PANICS") == "" {
		program := exec.Command(os.Args[0], "-test.run", "^TestAPanicInACallbackEndsTheProgram$")
		program.Env = append(os.Environ(), "MYNAH_TEST_PANICS=1")
		out, err := program.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "in a function that the library called: no such key") {
			t.Fatal(err, string(out))
		}
		return
	}
	c := NewShardedCache(WithCapacity(100), WithShardCount(1),
		WithOnEvict(func(key string, value []byte, reason Reason) { panic("no such key") }))
	defer func() { fmt.Println("recovered", recover()) }()
	for i := 0; i < 200; i++ {
		c.Set(fmt.Sprint("key", i), "", 0)
	}
}

func TestAnAlertHoldsNoCallUp(t *testing.T) {
	release, told := make(chan struct{}), make(chan Alert, 100)
	logs := make(chan string, 100)
	c := NewShardedCache(WithAlertMinHitRate(1), WithOnAlert(func(a Alert) { <-release; told <- a }),
		WithLog(LogInfo, func(level LogLevel, json []byte) { logs <- fmt.Sprint(level, string(json)) }))
	defer c.Close()
	done := make(chan error)
	go func() {
		for i := 0; i < 200; i++ {
			c.Get("none")
		}
		_, err := c.Metrics()
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a look-up waits for the alert")
	}
	close(release)
	if a := <-told; a.Option != "alert_min_hit_rate" || !a.Raised {
		t.Errorf("%+v", a)
	}
	if record := <-logs; !strings.HasPrefix(record, fmt.Sprint(LogWarning)) || !strings.Contains(record, "alert_min_hit_rate") {
		t.Error(record)
	}
}

func TestAFunctionThatIsNilIsToldNothing(t *testing.T) {
	c := NewShardedCache(WithOnEvict(nil), WithOnAlert(nil), WithLog(LogDebug, nil), With("alert_min_hit_rate", "1"))
	defer c.Close()
	for i := 0; i < 200; i++ {
		c.Get("none")
	}
	c.Set("key", "value", 0)
	if ok, err := c.Remove("key"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if raw, err := c.MetricsJSON(); err != nil || !strings.Contains(string(raw), `"alerts":["alert_min_hit_rate"]`) {
		t.Fatal(string(raw), err)
	}
}

func TestACacheThatWasNeverMadeFailsAndIsClosedAsOthersAre(t *testing.T) {
	var c ShardedCache
	if err := c.SetString("key", "value", 0); err == nil {
		t.Error("it was stored")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestACacheThatAWrongOptionKeptFromBeingMadeIsClosedAsOthersAre(t *testing.T) {
	c, err := New(WithCapacity(0))
	if c != nil || err == nil {
		t.Fatal(c, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestAPointerThatIsNilIsRefused(t *testing.T) {
	c := NewShardedCache()
	defer c.Close()
	for _, value := range []any{(*time.Time)(nil), (*marshals)(nil)} {
		if err := c.Set("key", value, 0); err == nil || !strings.Contains(err.Error(), "nil") {
			t.Error(err)
		}
	}
	if c.Len() != 0 {
		t.Error(c.Len())
	}
}
