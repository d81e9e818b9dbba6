package llm_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mynah/cache"
	"mynah/llm"
	"mynah/mock"
)

func TestATextWithAZeroByteIsRefusedNotCut(t *testing.T) {
	if _, err := llm.New(llm.WithSystemPrompt("Never\x00 always.")); !errors.Is(err, llm.ErrInvalidArgument) || !strings.Contains(err.Error(), "system_prompt") {
		t.Error(err)
	}
	client, m := talk(t, nil)
	for name, opt := range map[string]llm.Option{
		"stop": llm.WithStop("a\x00b"),
	} {
		if _, err := client.Complete(context.Background(), "hi", opt); !errors.Is(err, llm.ErrInvalidArgument) || !strings.Contains(err.Error(), name) {
			t.Error(name, err)
		}
	}
	if stats, _ := m.Stats(); stats.Requests != 0 {
		t.Error(stats.Requests)
	}
	if answer, err := client.Complete(context.Background(), "a\x00b"); err != nil || !strings.Contains(answer.Text, "a\x00b") {
		t.Error(answer, err)
	}
}

func TestWhatHoldsNoAnswerIsNoneToKeepAndWhatIsNilIsNoClient(t *testing.T) {
	c := cache.NewShardedCache()
	defer c.Close()
	if err := c.Set("k", llm.BatchResponse{Err: errors.New("it failed")}, 0); err == nil {
		t.Error("there is no answer")
	}
	kept := llm.Response{Text: "kept"}
	for _, answer := range []any{kept, &kept, llm.BatchResponse{Response: &kept}} {
		if err := c.Set("k", answer, 0); err != nil {
			t.Error(err)
		}
		if text, _, err := c.Get("k"); err != nil || string(text) != "kept" {
			t.Errorf("%T: %q, %v", answer, text, err)
		}
	}
	var none *llm.ProviderClient
	for _, client := range []llm.Client{nil, none} {
		if _, err := llm.NewTiered(nil, client, client); err == nil {
			t.Error("a tier without a client")
		}
	}
}

func TestATextThatIsNotUTF8IsRefusedNotChanged(t *testing.T) {
	client, m := talk(t, nil)
	ctx := context.Background()
	for name, ask := range map[string]func() error{
		"messages[0].Content": func() error { _, err := client.Complete(ctx, "a\xffb"); return err },
		"tools[0].Name": func() error {
			_, err := client.Complete(ctx, "hi", llm.WithTools(llm.Tool{Name: "\xff"}))
			return err
		},
		"": func() error {
			_, err := client.Chat(ctx, []llm.Message{llm.MessageJSON([]byte("{\"role\":\"user\",\"content\":\"\xff\"}"))})
			return err
		},
		"texts[1]":   func() error { _, err := client.Embed(ctx, "m", "a", "\xff"); return err },
		"prompts[0]": func() error { _, err := client.WarmupCache(ctx, []string{"\xff"}); return err },
	} {
		if err := ask(); !errors.Is(err, llm.ErrInvalidArgument) || !strings.Contains(err.Error(), name) {
			t.Error(name, err)
		}
	}
	if stats, _ := m.Stats(); stats.Requests != 0 {
		t.Error(stats.Requests)
	}
	if answer, err := client.Complete(ctx, "a\uFFFDb"); err != nil || !strings.Contains(answer.Text, "a\uFFFDb") {
		t.Error(answer, err)
	}
}

func TestVectorsOfNoTextsAreAnErrorThatSaysSo(t *testing.T) {
	client, _ := talk(t, nil)
	if _, err := client.Embed(context.Background(), "m"); !errors.Is(err, llm.ErrInvalidArgument) || !strings.Contains(err.Error(), "input") {
		t.Error(err)
	}
}

func TestALittleTimeIsNotNone(t *testing.T) {
	if _, err := llm.New(llm.WithTimeout(-time.Nanosecond)); !errors.Is(err, llm.ErrOutOfRange) {
		t.Error(err)
	}
	client, err := llm.New(llm.WithProvider(llm.ProviderOllama), llm.WithIdleTimeout(time.Nanosecond), llm.WithRetryDelay(1500*time.Microsecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	raw, err := client.OptionsJSON()
	if err != nil || !strings.Contains(string(raw), `"idle_timeout_ms":{"value":1,`) || !strings.Contains(string(raw), `"retry_delay_ms":{"value":2,`) {
		t.Fatal(string(raw), err)
	}
}

func TestForeverIsALifetimeOfAnswersToo(t *testing.T) {
	client, err := llm.New(llm.WithProvider(llm.ProviderOllama), llm.WithCache(true, cache.Forever))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if raw, err := client.OptionsJSON(); err != nil || !strings.Contains(string(raw), `"cache_ttl_ms":{"value":0,`) {
		t.Fatal(string(raw), err)
	}
}

func TestOptionsInTheWrongPlaceAreRefused(t *testing.T) {
	client, m := talk(t, nil)
	for name, opt := range map[string]llm.Option{
		"log":         llm.WithLog(llm.LogInfo, func(llm.LogLevel, []byte) {}),
		"concurrency": llm.WithConcurrency(3),
	} {
		if _, err := client.Complete(context.Background(), "hi", opt); !errors.Is(err, llm.ErrInvalidArgument) {
			t.Error(name, err)
		}
	}
	if stats, _ := m.Stats(); stats.Requests != 0 {
		t.Error(stats.Requests)
	}
	if _, err := llm.New(llm.WithTools(llm.Tool{Name: "f"})); !errors.Is(err, llm.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := llm.New(llm.WithCacheMode(llm.CacheOnly)); !errors.Is(err, llm.ErrUnknownOption) || !strings.Contains(err.Error(), "cache: is of one call") {
		t.Error(err)
	}
	if _, err := llm.New(llm.WithProvider(llm.ProviderOllama), llm.WithConcurrency(-1)); !errors.Is(err, llm.ErrOutOfRange) || !strings.Contains(err.Error(), "concurrency: -1") {
		t.Error(err)
	}
}

func TestAStreamWhoseContextEndsHasWhatHadArrived(t *testing.T) {
	client, _ := talk(t, []mock.Option{mock.With("delay_event_ms", "20")})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	text, seen := "", false
	client.ChatStream(ctx, ask("one two three four five six"))(func(e llm.Event, err error) bool {
		if e.Kind == llm.EventText {
			text += e.Text
			cancel()
		}
		if e.Kind == llm.EventDone {
			seen = errors.Is(err, llm.ErrCancelled) && e.Response != nil && strings.HasPrefix(e.Response.Text, text)
		}
		return true
	})
	if !seen || text == "" {
		t.Error(text, seen)
	}
}

func TestAClientThatWasNeverMadeFailsAndIsClosedAsOthersAre(t *testing.T) {
	for _, client := range []llm.Client{&llm.ProviderClient{}, &llm.TieredClient{}} {
		if _, err := client.Complete(context.Background(), "hi"); !errors.Is(err, llm.ErrInvalidHandle) {
			t.Error(err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}
