package llm

import (
	"context"
	"sync"
	"time"
)

// LoadTest sends the same messages rps times a second for a while, whatever
// becomes of those before, and waits for all of them. It tells what was
// measured; a context that ends, ends it early.
func LoadTest(ctx context.Context, client Client, duration time.Duration, rps int, messages []Message, opts ...Option) *LLMMetrics {
	ticker := time.NewTicker(time.Second / time.Duration(min(max(rps, 1), 1_000_000)))
	defer ticker.Stop()
	over := time.After(duration)
	metrics := &LLMMetrics{}
	var group sync.WaitGroup
	for {
		select {
		case <-ticker.C:
			group.Add(1)
			go func() {
				defer group.Done()
				begun := time.Now()
				_, err := client.Chat(ctx, messages, opts...)
				metrics.Record(time.Since(begun), err)
			}()
			continue
		case <-over:
		case <-ctx.Done():
		}
		group.Wait()
		metrics.Settle()
		return metrics
	}
}
