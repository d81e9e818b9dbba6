package llm

import (
	"context"
	"sync"
	"time"
)

// LoadTest sends the same messages rps times a second for a while, whatever
// becomes of those before, and waits for all of them. What the machine is late
// with is made up for. It tells what was measured; a context that ends, ends it early.
func LoadTest(ctx context.Context, client Client, duration time.Duration, rps int, messages []Message, opts ...Option) *LLMMetrics {
	interval := time.Second / time.Duration(min(max(rps, 1), 1_000_000))
	metrics := &LLMMetrics{}
	var group sync.WaitGroup
	start := time.Now()
	for due := time.Duration(0); due < duration; due += interval {
		if wait := due - time.Since(start); wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
			}
		}
		if ctx.Err() != nil {
			break
		}
		group.Add(1)
		go func() {
			defer group.Done()
			begun := time.Now()
			_, err := client.Chat(ctx, messages, opts...)
			metrics.Record(time.Since(begun), err)
		}()
	}
	group.Wait()
	metrics.Settle()
	return metrics
}
