package llm_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mynah/llm"
	"mynah/mock"
)

// elsewhere starts a slow mock in a process of its own, whose threads do not
// count here.
func elsewhere(t *testing.T) (url string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestMain$")
	child.Env = append(os.Environ(), "MYNAH_TEST_MOCK=1")
	input, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { input.Close(); child.Wait() })
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func TestMain(m *testing.M) {
	if os.Getenv("MYNAH_TEST_MOCK") == "" {
		os.Exit(m.Run())
	}
	slow := mock.New(mock.With("delay_headers_ms", "50"))
	fmt.Println(slow.URL())
	io.Copy(io.Discard, os.Stdin) // until the parent is gone
}

func threads(t *testing.T) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc to count threads in")
	}
	n, _ := strconv.Atoi(string(regexp.MustCompile(`Threads:\s+(\d+)`).FindSubmatch(status)[1]))
	return n
}

func TestAThousandGoroutinesInChatHoldFewThreads(t *testing.T) {
	before := threads(t)
	client, err := llm.New(llm.WithProvider(llm.ProviderCustom), llm.WithBaseURL(elsewhere(t)), llm.WithModel("mock"), llm.WithConcurrency(32))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var group sync.WaitGroup
	done := make(chan struct{})
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			if _, err := client.Complete(context.Background(), fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		}(i)
	}
	go func() { group.Wait(); close(done) }()
	most, goroutines := 0, 0
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(5 * time.Millisecond):
			most, goroutines = max(most, threads(t)), max(goroutines, runtime.NumGoroutine())
		}
	}
	t.Logf("%d goroutines at most, %d threads before, %d at most", goroutines, before, most)
	if goroutines < 900 {
		t.Fatal("the goroutines did not wait together: ", goroutines)
	}
	if most > before+32+32 {
		t.Fatal("threads: ", before, " before, then ", most)
	}
}

// Handles are no addresses: as generations go by they come to look like ones
// in Go's heap, which must not confuse the collector.
func TestTheCollectorIsNotConfusedByHandles(t *testing.T) {
	client, _ := talk(t, nil, llm.WithCache(true, time.Hour))
	for i := 0; i < 3000; i++ {
		if _, err := client.Complete(context.Background(), "hello"); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			runtime.GC()
		}
	}
}

// Nobody holds the client but the call.
func TestACallKeepsItsClient(t *testing.T) {
	m := mock.New(mock.With("delay_headers_ms", "50"), mock.With("delay_event_ms", "5"))
	defer m.Close()
	make := func() *llm.ProviderClient {
		client, err := llm.New(llm.WithProvider(llm.ProviderCustom), llm.WithBaseURL(m.URL()), llm.WithModel("mock"))
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	ended := new(atomic.Bool)
	go func() {
		for !ended.Load() {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	}()
	defer ended.Store(true)
	if _, err := make().Complete(context.Background(), "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := make().ChatStream(context.Background(), ask("hello")).Text(func(string) {}); err != nil {
		t.Fatal(err)
	}
	for _, answer := range make().BatchChat(context.Background(), []llm.Request{{Messages: ask("hello")}}) {
		if answer.Err != nil {
			t.Fatal(answer.Err)
		}
	}
}

func TestAForgottenClientIsFreed(t *testing.T) {
	begun := runtime.NumGoroutine()
	freed := make(chan struct{})
	func() {
		m := mock.New()
		defer m.Close()
		client, err := llm.New(llm.WithProvider(llm.ProviderCustom), llm.WithBaseURL(m.URL()), llm.WithModel("mock"),
			llm.WithLog(llm.LogDebug, notice(freed)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Complete(context.Background(), "hello"); err != nil {
			t.Fatal(err)
		}
	}()
	collected(t, "the callback of the forgotten client is given back", freed)
	waitFor(t, "the poller is gone", func() bool { return runtime.NumGoroutine() <= begun })
}

func TestWhatForgottenTiersWereMadeOfStaysWithWhoeverHoldsIt(t *testing.T) {
	small, _ := talk(t, nil)
	able, _ := talk(t, nil)
	freed := make(chan struct{})
	parts := func() []*llm.ProviderClient {
		judge := notice(freed)
		tiers, err := llm.NewTiered(func(string, int) float64 { judge(0, nil); return 0 }, small, able)
		if err != nil {
			t.Fatal(err)
		}
		pooled := llm.WithConnectionPool(tiers, 4)
		parts, err := llm.ProviderClients(pooled)
		if err != nil {
			t.Fatal(err)
		}
		tiers.Close()
		return parts
	}()
	collected(t, "the tiers are gone", freed)
	for _, part := range parts {
		if _, err := part.Metrics(); err != nil {
			t.Fatal(err)
		}
		part.Close()
	}
}

// collected waits until a notice of what was forgotten comes.
func collected(t *testing.T, what string, freed <-chan struct{}) {
	t.Helper()
	waitFor(t, what, func() bool {
		runtime.GC()
		select {
		case <-freed:
			return true
		default:
			return false
		}
	})
}

// notice is a log function that closes a channel when nobody holds it.
func notice(freed chan struct{}) func(llm.LogLevel, []byte) {
	held := &struct{ calls int }{}
	runtime.SetFinalizer(held, func(*struct{ calls int }) { close(freed) })
	return func(llm.LogLevel, []byte) { held.calls++ }
}
