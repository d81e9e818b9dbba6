package llm_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"mynah/llm"
)

func TestAFunctionThatIsToldHoldsNoCallUp(t *testing.T) {
	release, begun := make(chan struct{}), make(chan struct{})
	first, told := true, 0
	client, _ := talk(t, nil, llm.WithLog(llm.LogDebug, func(llm.LogLevel, []byte) {
		if first {
			first = false
			close(begun)
			<-release
		}
		told++
	}))
	answered := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 3 && err == nil; i++ {
			_, err = client.Complete(context.Background(), "hello")
		}
		answered <- err
	}()
	<-begun
	select {
	case err := <-answered:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a call waits for the log")
	}
	closed := make(chan int)
	go func() { client.Close(); closed <- told }()
	waitFor(t, "the client is freed", func() bool { _, err := client.MetricsJSON(); return err != nil })
	close(release)
	if seen := <-closed; seen < 3 {
		t.Errorf("Close returned when %d records had been told", seen)
	}
}

func TestAFunctionThatIsToldMayCloseTheClient(t *testing.T) {
	begun := runtime.NumGoroutine()
	closed := make(chan struct{}, 100)
	var client *llm.ProviderClient
	ready := make(chan struct{})
	client, m := talk(t, nil, llm.WithLog(llm.LogDebug, func(llm.LogLevel, []byte) {
		<-ready
		client.Close()
		closed <- struct{}{}
	}))
	close(ready)
	if _, err := client.Complete(context.Background(), "hello"); err != nil {
		t.Fatal(err)
	}
	<-closed
	m.Close()
	waitFor(t, "its goroutines are gone", func() bool { return runtime.NumGoroutine() <= begun })
}
