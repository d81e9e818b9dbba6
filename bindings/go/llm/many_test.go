package llm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mynah/llm"
	"mynah/mock"
)

func TestABatchKeepsItsOrderAndTellsEachFailure(t *testing.T) {
	client, m := talk(t, nil, llm.WithBatchDedup(true))
	requests := make([]llm.Request, 12)
	for i := range requests {
		requests[i] = llm.Request{Index: i, Messages: ask(fmt.Sprint("question ", i/2))}
	}
	requests[5].Options = []llm.Option{llm.WithTemperature(9)}
	var steps []int
	answers := client.Batch(context.Background(), requests, 3, func(done, total int) { steps = append(steps, done) })
	for i, answer := range answers {
		if i == 5 {
			if !errors.Is(answer.Err, llm.ErrOutOfRange) {
				t.Fatal(answer.Err)
			}
			continue
		}
		if answer.Err != nil || !strings.Contains(answer.Text, fmt.Sprint("question ", i/2)) {
			t.Fatal(i, answer.Err, answer.Response)
		}
	}
	if stats, _ := m.Stats(); stats.Requests != 6 || stats.LargestInFlight > 3 {
		t.Fatal(stats.Requests, stats.LargestInFlight)
	}
	if len(steps) == 0 || steps[len(steps)-1] != 11 {
		t.Fatal(steps)
	}
}

func TestAContextEndsABatch(t *testing.T) {
	client, _ := talk(t, []mock.Option{mock.With("delay_headers_ms", "60000")})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	for _, answer := range client.BatchChat(ctx, []llm.Request{{Messages: ask("a")}, {Messages: ask("b")}}) {
		if !errors.Is(answer.Err, context.DeadlineExceeded) {
			t.Fatal(answer.Err)
		}
	}
}

func TestAProcessorGathersRequests(t *testing.T) {
	client, m := talk(t, nil)
	processor := llm.NewBatchProcessor(client, 4, time.Hour)
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			answer, err := processor.Submit(context.Background(), llm.Request{Messages: ask(fmt.Sprint("question ", i))})
			if err != nil || !strings.Contains(answer.Text, fmt.Sprint("question ", i)) {
				t.Error(i, answer, err)
			}
		}(i)
	}
	group.Wait()
	soon := llm.NewBatchProcessor(client, 1000, time.Millisecond)
	if _, err := soon.Submit(context.Background(), llm.Request{Messages: ask("alone")}); err != nil {
		t.Fatal(err)
	}
	answers := processor.ProcessBatch(context.Background(), []llm.Request{{Messages: ask("a")}, {Messages: ask("b")}, {Messages: ask("c")}, {Messages: ask("d")}, {Messages: ask("e")}})
	if len(answers) != 5 || answers[4].Err != nil {
		t.Fatal(answers)
	}
	if stats, _ := m.Stats(); stats.Requests != 14 {
		t.Fatal(stats.Requests)
	}
}

func TestTiersSplitTheWorkAndFallBack(t *testing.T) {
	cheap, cheapMock := talk(t, answering("cheap"), llm.WithModel("small"), llm.WithPrice("small=1,1"))
	able, ableMock := talk(t, answering("able"), llm.WithModel("large"), llm.WithPrice("large=100,100"))
	seen := make(chan string, 10)
	tiered := llm.NewTieredClient(cheap, able, func(text string, messages int) float64 {
		seen <- text
		if strings.Contains(text, "hard") {
			return 1
		}
		return 0
	})
	defer tiered.Close()
	for prompt, want := range map[string]string{"an easy one": "cheap", "a hard one": "able"} {
		answer, err := tiered.Complete(context.Background(), prompt)
		if err != nil || answer.Text != want || answer.Tier == nil {
			t.Fatal(prompt, answer, err)
		}
		if got := <-seen; got != prompt {
			t.Fatal(got)
		}
	}
	answer, err := tiered.ChatStream(context.Background(), ask("easy")).Text(func(string) {})
	if err != nil || answer.Text != "cheap" {
		t.Fatal(answer, err)
	}
	for _, answer := range tiered.BatchChat(context.Background(), []llm.Request{{Messages: ask("easy")}, {Messages: ask("hard")}}) {
		if answer.Err != nil {
			t.Fatal(answer.Err)
		}
	}
	metrics, err := tiered.Metrics()
	if err != nil || metrics.Tiers[0].Calls != 3 || metrics.Tiers[1].Calls != 2 || metrics.SavedUSD <= 0 {
		t.Fatalf("%+v %v", metrics, err)
	}
	cheapMock.Close()
	answer, err = tiered.Complete(context.Background(), "easy")
	if err != nil || answer.Text != "able" || answer.ServedFrom != "fallback" {
		t.Fatal(answer, err)
	}
	if stats, _ := ableMock.Stats(); stats.Requests != 3 {
		t.Fatal(stats.Requests)
	}
	if _, err := llm.NewTiered(nil, cheap); !errors.Is(err, llm.ErrInvalidArgument) {
		t.Fatal(err)
	}
}

func TestABreakerOpensAndClosesAgain(t *testing.T) {
	client, m := talk(t, []mock.Option{mock.With("status", "500"), mock.With("status_times", "3")})
	breaker, err := llm.NewCircuitBreaker(client, 3, 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer breaker.Close()
	for i := 0; i < 3; i++ {
		if _, err := breaker.Call(context.Background(), ask("hello")); !errors.Is(err, llm.ErrServer) {
			t.Fatal(err)
		}
	}
	if state, err := breaker.State(); state != llm.BreakerOpen || err != nil {
		t.Fatal(state, err)
	}
	if _, err := breaker.Call(context.Background(), ask("hello")); !errors.Is(err, llm.ErrCircuitOpen) {
		t.Fatal(err)
	}
	if stats, _ := m.Stats(); stats.Requests != 3 {
		t.Fatal(stats.Requests)
	}
	waitFor(t, "the trial is answered", func() bool { _, err := breaker.Call(context.Background(), ask("hello")); return err == nil })
	if state, _ := breaker.State(); state != llm.BreakerClosed {
		t.Fatal(state)
	}
}

func TestABreakersStatesAreInTheWordsOfTheFigures(t *testing.T) {
	client, _ := talk(t, nil)
	text, err := client.Prometheus()
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []llm.BreakerState{llm.BreakerClosed, llm.BreakerOpen, llm.BreakerHalfOpen} {
		if sample := fmt.Sprintf("mynah_llm_breaker_state{state=%q} ", state); !strings.Contains(string(text), sample) {
			t.Error(sample, string(text))
		}
	}
}

func TestFunctionsThatAreNilAreToldNothing(t *testing.T) {
	client, _ := talk(t, nil, llm.WithLog(llm.LogDebug, nil), llm.WithOnBreaker(nil), llm.WithOnAlert(nil))
	if _, err := client.Complete(context.Background(), "hello"); err != nil {
		t.Fatal(err)
	}
}

func TestWhateverAClientIsItsFiguresAreFound(t *testing.T) {
	cheap, _ := talk(t, answering("cheap"))
	able, _ := talk(t, answering("able"))
	tiers := llm.NewTieredClient(cheap, able, func(string, int) float64 { return 1 })
	defer tiers.Close()
	breaker, err := llm.NewCircuitBreaker(tiers, 5, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer breaker.Close()
	for client, calls := range map[llm.Client][]uint64{llm.Client(cheap): {0}, tiers: {0, 1}, breaker: {0, 1}} {
		if client != llm.Client(cheap) {
			if _, err := client.Complete(context.Background(), "hello"); err != nil {
				t.Fatal(err)
			}
		}
		each, err := llm.MetricsOf(client)
		if err != nil || len(each) != len(calls) {
			t.Fatal(each, err)
		}
		for i, metrics := range each {
			if metrics.Calls != calls[i] {
				t.Errorf("%T: tier %d has %d calls", client, i, metrics.Calls)
			}
		}
	}
	if _, err := llm.MetricsOf(struct{ llm.Client }{}); err == nil {
		t.Error("figures of a client of another package")
	}
}

func TestABreakerStandsBeforeTiersToo(t *testing.T) {
	cheap, _ := talk(t, []mock.Option{mock.With("status", "500")})
	able, _ := talk(t, answering("able"))
	breaker, err := llm.NewCircuitBreaker(llm.NewTieredClient(cheap, able, func(string, int) float64 { return 0 }), 1, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer breaker.Close()
	for i := 0; i < 2; i++ {
		if answer, err := breaker.Call(context.Background(), ask("hello")); err != nil || answer.Text != "able" {
			t.Fatal(answer, err)
		}
	}
	if state, err := breaker.State(); state != llm.BreakerOpen || err != nil {
		t.Fatal(state, err)
	}
}

func TestAPoolBoundsCallsAndKeepsConnections(t *testing.T) {
	client, m := talk(t, []mock.Option{mock.With("delay_headers_ms", "5")})
	pooled := llm.WithConnectionPool(client, 4)
	defer pooled.Close()
	var group sync.WaitGroup
	for i := 0; i < 40; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			if _, err := pooled.Complete(context.Background(), fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		}(i)
	}
	group.Wait()
	stats, _ := m.Stats()
	if stats.Requests != 40 || stats.LargestInFlight > 4 || stats.Connections > 8 {
		t.Fatalf("%+v", stats)
	}
	if _, err := client.Complete(context.Background(), "the first client stays"); err != nil {
		t.Fatal(err)
	}
}

func TestACacheIsWarmedUp(t *testing.T) {
	client, m := talk(t, nil, llm.WithCache(true, time.Hour))
	warmed, err := llm.WarmupCache(context.Background(), client, []string{"a", "b", "c"})
	if err != nil || warmed != 3 {
		t.Fatal(warmed, err)
	}
	answer, err := client.Complete(context.Background(), "b")
	if err != nil || answer.ServedFrom != "cache" {
		t.Fatal(answer, err)
	}
	if stats, _ := m.Stats(); stats.Requests != 3 {
		t.Fatal(stats.Requests)
	}
	plain, _ := talk(t, nil)
	if _, err := llm.WarmupCache(context.Background(), plain, []string{"a"}); !errors.Is(err, llm.ErrInvalidArgument) {
		t.Fatal(err)
	}
}

func TestWarmingTellsHowFarItIs(t *testing.T) {
	client, _ := talk(t, answering("warm"), llm.WithCacheEnabled(true))
	var told []int
	warmed, err := client.Warm(context.Background(), []string{"a", "b", "c"}, 1, func(done, total int) { told = append(told, done, total) })
	if err != nil || warmed != 3 || !slices.Equal(told, []int{1, 3, 2, 3, 3, 3}) {
		t.Fatal(warmed, told, err)
	}
}

func TestAContextThatEndsAWarmingIsTold(t *testing.T) {
	client, _ := talk(t, []mock.Option{mock.With("delay_headers_ms", "60000")}, llm.WithCacheEnabled(true))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	for _, warm := range []func() (int, error){
		func() (int, error) { return client.WarmupCache(ctx, []string{"a", "b"}) },
		func() (int, error) { return llm.WarmupCache(ctx, client, []string{"a", "b"}) },
	} {
		if n, err := warm(); n != 0 || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, llm.ErrCancelled) {
			t.Error(n, err)
		}
	}
}

func TestAWarmingTellsOfTheTierThatHasFewest(t *testing.T) {
	refusing, _ := talk(t, []mock.Option{mock.With("status", "400")}, llm.WithCacheEnabled(true))
	answering, _ := talk(t, nil, llm.WithCacheEnabled(true))
	tiers, err := llm.NewTiered(nil, refusing, answering)
	if err != nil {
		t.Fatal(err)
	}
	defer tiers.Close()
	if n, err := llm.WarmupCache(context.Background(), tiers, []string{"a", "b"}); n != 0 || err != nil {
		t.Fatal(n, err)
	}
}

func TestALoadTestMeasures(t *testing.T) {
	client, m := talk(t, []mock.Option{mock.With("status", "500"), mock.With("fault_percent", "100"), mock.With("status_times", "5")})
	metrics := llm.LoadTest(context.Background(), client, 200*time.Millisecond, 200, ask("hello"))
	stats, _ := m.Stats()
	if metrics.Calls != 40 || int(metrics.Calls) != stats.Requests || metrics.Failures != 5 || metrics.P99Latency < metrics.P50Latency || metrics.AvgLatency <= 0 {
		t.Fatal(metrics, stats.Requests)
	}
	if !strings.Contains(metrics.String(), "p99") {
		t.Fatal(metrics)
	}
}

func TestOneSlowCallOfFiftyIsTheirP99(t *testing.T) {
	var two, fifty llm.LLMMetrics
	for i := 0; i < 50; i++ {
		elapsed := time.Millisecond
		if i == 0 {
			elapsed = time.Second
		}
		fifty.Record(elapsed, nil)
		if i < 2 {
			two.Record(elapsed, nil)
		}
	}
	two.Settle()
	fifty.Settle()
	if two.P50Latency != time.Millisecond || two.P90Latency != time.Second || fifty.P90Latency != time.Millisecond || fifty.P99Latency != time.Second {
		t.Fatal(two.String(), fifty.String())
	}
}
