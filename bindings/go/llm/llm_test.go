package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mynah/cache"
	"mynah/llm"
	"mynah/mock"
)

// talk is a client of a mock with these settings of both.
func talk(t testing.TB, mocked []mock.Option, opts ...llm.Option) (*llm.ProviderClient, *mock.Mock) {
	t.Helper()
	m, err := mock.Start(mocked...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	base := []llm.Option{llm.WithProvider(llm.ProviderCustom), llm.WithBaseURL(m.URL()), llm.WithModel("mock"), llm.WithRetryCount(0)}
	client, err := llm.New(append(base, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, m
}

func ask(text string) []llm.Message { return []llm.Message{llm.UserMessage(text)} }

func answering(text string) []mock.Option { return []mock.Option{mock.With("answer", text)} }

func TestAChatIsAnswered(t *testing.T) {
	client, m := talk(t, answering("because they can"))
	answer, err := client.Chat(context.Background(), []llm.Message{llm.SystemMessage("Be brief."), llm.UserMessage("Why?")}, llm.WithTemperature(0))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Text != "because they can" || answer.FinishReason != "stop" || answer.ServedFrom != "provider" || *answer.Usage.OutputTokens != 3 {
		t.Fatalf("%+v", answer)
	}
	stats, err := m.Stats()
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Messages    []llm.Message
		Temperature *float64
	}
	if err := json.Unmarshal(stats.LastRequest.Body, &body); err != nil {
		t.Fatal(err)
	}
	if len(body.Messages) != 2 || body.Messages[0].Content != "Be brief." || body.Temperature == nil || *body.Temperature != 0 {
		t.Fatalf("%+v", body)
	}
	if !strings.Contains(string(answer.Raw), "chat.completion") {
		t.Fatal(string(answer.Raw))
	}
	if answer, err := client.Complete(context.Background(), "Why?"); err != nil || answer.Text != "because they can" {
		t.Fatal(answer, err)
	}
}

func TestAConversationGoesOnWithTheWholeAnswer(t *testing.T) {
	client, m := talk(t, answering("first"))
	answer, err := client.Chat(context.Background(), ask("one"))
	if err != nil {
		t.Fatal(err)
	}
	messages := append(ask("one"), answer.Message, llm.UserMessage("two").WithImage("image/png", []byte{1, 2, 3}))
	if _, err := client.Chat(context.Background(), messages); err != nil {
		t.Fatal(err)
	}
	stats, _ := m.Stats()
	body := string(stats.LastRequest.Body)
	if !strings.Contains(body, `"first"`) || !strings.Contains(body, "data:image/png;base64,AQID") {
		t.Fatal(body)
	}
}

func TestAToolIsOfferedAndItsResultGoesBack(t *testing.T) {
	client, m := talk(t, nil)
	tool := llm.Tool{Name: "weather", Description: "of a place", Schema: json.RawMessage(`{"type":"object","properties":{"place":{"type":"string"}}}`)}
	strict := llm.Tool{JSON: json.RawMessage(`{"type":"function","function":{"name":"f","strict":true}}`)}
	if _, err := client.Chat(context.Background(), ask("rain?"), llm.WithTools(tool, strict), llm.WithToolChoice("none")); err != nil {
		t.Fatal(err)
	}
	stats, _ := m.Stats()
	if body := string(stats.LastRequest.Body); !strings.Contains(body, `"weather"`) || !strings.Contains(body, `"place"`) || !strings.Contains(body, `"strict":true`) {
		t.Fatal(body)
	}
	call := llm.MessageJSON(json.RawMessage(`{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{}"}}]}`))
	if _, err := client.Chat(context.Background(), []llm.Message{llm.UserMessage("rain?"), call, llm.ToolMessage("c1", "none")}); err != nil {
		t.Fatal(err)
	}
	stats, _ = m.Stats()
	if body := string(stats.LastRequest.Body); !strings.Contains(body, `"tool_call_id":"c1"`) {
		t.Fatal(body)
	}
}

func TestErrorsAreToldByKind(t *testing.T) {
	kinds := map[string]*llm.Error{"401": llm.ErrAuthentication, "429": llm.ErrRateLimited, "503": llm.ErrOverloaded, "500": llm.ErrServer, "404": llm.ErrModelNotFound}
	for status, kind := range kinds {
		client, _ := talk(t, []mock.Option{mock.With("status", status)})
		_, err := client.Chat(context.Background(), ask("hello"))
		if !errors.Is(err, kind) {
			t.Errorf("%s: %v", status, err)
		}
		if errors.Is(err, llm.ErrTimeout) {
			t.Errorf("%s is no timeout", status)
		}
		var failure *llm.Error
		if !errors.As(err, &failure) || failure.HTTPStatus == 0 || failure.Attempts != 1 || failure.Name() == "" {
			t.Errorf("%+v", failure)
		}
	}
}

func TestAWrongOptionIsNamedWithItsRange(t *testing.T) {
	_, err := llm.New(llm.WithTemperature(3.5))
	if !errors.Is(err, llm.ErrOutOfRange) || !strings.Contains(err.Error(), "temperature") || !strings.Contains(err.Error(), "3.5") {
		t.Fatal(err)
	}
	if _, err := llm.New(llm.With("temprature", "1")); !errors.Is(err, llm.ErrUnknownOption) {
		t.Fatal(err)
	}
	client, _ := talk(t, nil)
	if _, err := client.Chat(context.Background(), ask("hello"), llm.WithRetryCount(1), llm.WithTopP(7)); !errors.Is(err, llm.ErrOutOfRange) && !errors.Is(err, llm.ErrUnknownOption) {
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
	setters := regexp.MustCompile(`mynah_client_options_set_(\w+)\(`).FindAllStringSubmatch(string(header), -1)
	if len(setters) < 60 {
		t.Fatal(len(setters))
	}
	for _, setter := range setters {
		if setter[1] == "cache" { // a cache that clients share: WithSharedCache
			continue
		}
		if !regexp.MustCompile(`(With|of|in|each)\("` + setter[1] + `"`).Match(ours) {
			t.Error(setter[1])
		}
	}
}

// Every With of options.go is the option that its name says, with a value that
// the library takes.
func TestEveryWithSetsItsOption(t *testing.T) {
	client, err := llm.New(llm.WithModel("m"), llm.WithMaxTokens(7), llm.WithTemperature(0.25), llm.WithTopP(0.5), llm.WithTopK(3),
		llm.WithTimeout(90*time.Second), llm.WithCache(true, time.Hour), llm.WithRateLimiting(1000), llm.WithRetryCount(5),
		llm.WithRetryDelay(5*time.Second), llm.WithStreamingEnabled(true), llm.WithSystemPrompt("p"), llm.WithHeader("x-a", "b"),
		llm.WithStop("a", "b"), llm.WithPrice("m=1,2"), llm.WithUseCase(llm.UseCaseAnalysis), llm.WithPreset(llm.PresetFast),
		llm.WithConnectTimeout(time.Microsecond), llm.WithSeed(7), llm.WithRegion("cn"), llm.WithProvider(llm.ProviderKimi), llm.WithAPIKey("sk-secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	raw, err := client.OptionsJSON()
	if err != nil {
		t.Fatal(err)
	}
	var rows map[string]struct{ Value any }
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err, string(raw))
	}
	for name, want := range map[string]any{"model": "m", "max_tokens": 7.0, "temperature": 0.25, "top_p": 0.5, "timeout_ms": 90000.0,
		"cache_enabled": true, "cache_ttl_ms": 3600000.0, "rate_limit_rpm": 1000.0, "retry_count": 5.0, "retry_delay_ms": 5000.0,
		"streaming_enabled": true, "connect_timeout_ms": 1.0, "use_case": "analysis", "preset": "fast", "seed": 7.0, "region": "cn"} {
		if rows[name].Value != want {
			t.Errorf("%s: %v, not %v", name, rows[name].Value, want)
		}
	}
	if strings.Contains(string(raw), "sk-secret") {
		t.Fatal("the key is shown")
	}
}

func TestASharedCacheAnswersTheSecondTime(t *testing.T) {
	shared := cache.NewShardedCache()
	defer shared.Close()
	client, m := talk(t, nil, llm.WithSharedCache(shared))
	for i, from := range []string{"provider", "cache"} {
		answer, err := client.Complete(context.Background(), "hello")
		if err != nil || answer.ServedFrom != from {
			t.Fatal(i, answer, err)
		}
	}
	if stats, _ := m.Stats(); stats.Requests != 1 || shared.Len() != 1 {
		t.Fatal(stats.Requests, shared.Len())
	}
	if _, err := client.Complete(context.Background(), "hello", llm.WithCacheMode(llm.CacheBypass)); err != nil {
		t.Fatal(err)
	}
	if stats, _ := m.Stats(); stats.Requests != 2 {
		t.Fatal(stats.Requests)
	}
}

func TestAContextEndsACall(t *testing.T) {
	client, m := talk(t, []mock.Option{mock.With("delay_headers_ms", "60000")})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for {
			if stats, _ := m.Stats(); stats.InFlight > 0 {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := client.Chat(ctx, ask("hello"))
	if !errors.Is(err, context.Canceled) || !errors.Is(err, llm.ErrCancelled) {
		t.Fatal(err)
	}
	if _, err := client.Chat(ctx, ask("again")); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	late, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer stop()
	if _, err := client.Chat(late, ask("hello")); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	waitFor(t, "the connections are closed", func() bool { stats, _ := m.Stats(); return stats.ClosedByPeer >= 2 })
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func TestTheCauseOfAContextIsFoundToo(t *testing.T) {
	client, _ := talk(t, []mock.Option{mock.With("delay_headers_ms", "60000")}, llm.WithCacheEnabled(true))
	cause := errors.New("the user went away")
	before, end := context.WithCancelCause(context.Background())
	end(cause)
	for name, call := range map[string]func(context.Context) error{
		"chat":   func(ctx context.Context) error { _, err := client.Chat(ctx, ask("hello")); return err },
		"stream": func(ctx context.Context) error { _, err := client.ChatStream(ctx, ask("hello")).Text(nil); return err },
		"batch": func(ctx context.Context) error {
			return client.BatchChat(ctx, []llm.Request{{Messages: ask("hello")}})[0].Err
		},
		"embed": func(ctx context.Context) error { _, err := client.Embed(ctx, "m", "hello"); return err },
	} {
		during, end := context.WithCancelCause(context.Background())
		time.AfterFunc(20*time.Millisecond, func() { end(cause) })
		for _, ctx := range []context.Context{before, during} {
			err := call(ctx)
			if !errors.Is(err, cause) || !errors.Is(err, context.Canceled) || !errors.Is(err, llm.ErrCancelled) {
				t.Error(name, err)
			}
			if !strings.HasSuffix(err.Error(), "context canceled: the user went away") {
				t.Error(name, err)
			}
		}
	}
}

func TestACloseEndsCallsAndIsFinal(t *testing.T) {
	client, m := talk(t, []mock.Option{mock.With("delay_headers_ms", "60000")})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	calls := map[string]func() error{
		"chat":   func() error { _, err := client.Chat(context.Background(), ask("one")); return err },
		"stream": func() error { _, err := client.ChatStream(ctx, ask("two")).Text(func(string) {}); return err },
		"batch": func() error {
			return client.BatchChat(context.Background(), []llm.Request{{Messages: ask("three")}})[0].Err
		},
		"embed":       func() error { _, err := client.Embed(context.Background(), "mock", "four"); return err },
		"embed until": func() error { _, err := client.Embed(ctx, "mock", "five"); return err },
	}
	type end struct {
		call string
		err  error
	}
	ended := make(chan end)
	for name, call := range calls {
		go func(name string, call func() error) { ended <- end{name, call()} }(name, call)
	}
	waitFor(t, "the calls are there", func() bool { stats, _ := m.Stats(); return stats.InFlight == len(calls) })
	client.Close()
	for range calls {
		if end := <-ended; !errors.Is(end.err, llm.ErrClosed) || errors.Is(end.err, context.Canceled) || strings.Count(end.err.Error(), "mynah: ") != 1 {
			t.Error(end.call, end.err)
		}
	}
	client.Close()
	if _, err := client.Chat(context.Background(), ask("hello")); !errors.Is(err, llm.ErrInvalidHandle) {
		t.Fatal(err)
	}
}

func TestEmbeddingsAreVectors(t *testing.T) {
	client, _ := talk(t, nil)
	vectors, err := client.Embed(context.Background(), "mock", "one", "two")
	if err != nil || len(vectors) != 2 || len(vectors[1]) == 0 {
		t.Fatal(vectors, err)
	}
}

func TestWhateverAClientIsItMakesVectorsAndTellsItsOptions(t *testing.T) {
	small, m := talk(t, nil)
	able, _ := talk(t, nil)
	tiers, err := llm.NewTiered(nil, small, able)
	if err != nil {
		t.Fatal(err)
	}
	defer tiers.Close()
	breaker, err := llm.NewCircuitBreaker(small, 3, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer breaker.Close()
	for made, client := range map[int]llm.Client{2: tiers, 1: breaker} {
		vectors, err := llm.Embed(context.Background(), client, "text-embedding", "a", "b")
		if err != nil || len(vectors) != 2 || slices.Equal(vectors[0], vectors[1]) {
			t.Fatal(vectors, err)
		}
		all, err := llm.ProviderClients(client)
		if err != nil || len(all) != made {
			t.Fatal(all, err)
		}
		if told, err := all[made-1].OptionsJSON(); err != nil || !json.Valid(told) {
			t.Fatal(string(told), err)
		}
	}
	if stats, _ := m.Stats(); stats.Requests != 2 {
		t.Fatal(stats.Requests)
	}
	for _, foreign := range []llm.Client{nil, struct{ llm.Client }{small}} {
		if _, err := llm.Embed(context.Background(), foreign, "m", "a"); err == nil {
			t.Error(foreign)
		}
	}
}

func TestMetricsTellWhatHappened(t *testing.T) {
	client, _ := talk(t, answering("a b c"), llm.WithPrice("mock=1000000,1000000"), llm.WithCache(true, time.Minute))
	for i := 0; i < 2; i++ {
		if _, err := client.Complete(context.Background(), "hello"); err != nil {
			t.Fatal(err)
		}
	}
	m, err := client.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	if m.Calls != 2 || m.SuccessRate != 1 || m.CacheHitRate != 0.5 || !m.CostKnown || m.CostUSD != 4 || m.SavedUSD != 4 || m.AvgLatency <= 0 || m.P99Latency <= 0 {
		t.Fatalf("%+v", m)
	}
	if text, err := client.Prometheus(); err != nil || !strings.Contains(string(text), "# TYPE") {
		t.Fatal(err)
	}
	for _, read := range []func() (json.RawMessage, error){client.AdviseJSON, client.OptionsJSON, client.MetricsJSON} {
		if raw, err := read(); err != nil || !json.Valid(raw) {
			t.Fatal(string(raw), err)
		}
	}
}

func TestCallbacksAreToldAndGivenBack(t *testing.T) {
	logs := make(chan llm.LogLevel, 100)
	changes := make(chan llm.BreakerState, 100)
	alerts := make(chan llm.Alert, 100)
	client, _ := talk(t, []mock.Option{mock.With("status", "500")},
		llm.WithBreakerFailureThreshold(2), llm.WithLog(llm.LogDebug, func(level llm.LogLevel, record []byte) {
			if !json.Valid(record) {
				t.Error(string(record))
			}
			logs <- level
		}),
		llm.WithOnBreaker(func(from, to llm.BreakerState, reason string) { changes <- to }),
		llm.WithOnAlert(func(a llm.Alert) { alerts <- a }))
	for i := 0; i < 25; i++ {
		client.Complete(context.Background(), "hello")
	}
	if <-logs; <-changes != llm.BreakerOpen {
		t.Fatal("the breaker is not open")
	}
	if a := <-alerts; !a.Raised || a.Option != "alert_min_success_rate" {
		t.Fatalf("%+v", a)
	}
}
