package llm

import (
	"context"
	"sync"
	"time"

	"mynah/internal/lib"
)

// BatchProcessor gathers requests into batches.
type BatchProcessor struct {
	client    Client
	batchSize int
	interval  time.Duration

	mu      sync.Mutex
	waiting []*submitted
	timer   *time.Timer
}

type submitted struct {
	request Request
	answer  chan BatchResponse
}

// NewBatchProcessor sends what Submit is given when there are batchSize
// requests, or when the first has waited for interval.
func NewBatchProcessor(client Client, batchSize int, interval time.Duration) *BatchProcessor {
	return &BatchProcessor{client: client, batchSize: max(batchSize, 1), interval: interval}
}

// ProcessBatch sends requests at once, in batches of batchSize.
func (p *BatchProcessor) ProcessBatch(ctx context.Context, requests []Request) []BatchResponse {
	answers := make([]BatchResponse, 0, len(requests))
	for len(requests) > 0 {
		n := min(p.batchSize, len(requests))
		answers = append(answers, p.client.BatchChat(ctx, requests[:n])...)
		requests = requests[n:]
	}
	return answers
}

// Submit waits for others to make a batch with, and for the answer. A context
// that ends leaves the batch to itself.
func (p *BatchProcessor) Submit(ctx context.Context, request Request) (*Response, error) {
	own := &submitted{request, make(chan BatchResponse, 1)}
	p.add(own)
	select {
	case answer := <-own.answer:
		return answer.Response, answer.Err
	case <-ctx.Done():
		return nil, lib.Over(ctx)
	}
}

func (p *BatchProcessor) add(own *submitted) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, own)
	if len(p.waiting) >= p.batchSize {
		p.sendLocked()
	} else if len(p.waiting) == 1 {
		p.timer = time.AfterFunc(p.interval, p.Flush)
	}
}

// Flush sends what is waiting now.
func (p *BatchProcessor) Flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sendLocked()
}

func (p *BatchProcessor) sendLocked() {
	batch := p.waiting
	p.waiting = nil
	if p.timer != nil {
		p.timer.Stop()
	}
	if len(batch) == 0 {
		return
	}
	go func() {
		requests := make([]Request, len(batch))
		for i, one := range batch {
			requests[i] = one.request
		}
		for i, answer := range p.client.BatchChat(context.Background(), requests) {
			batch[i].answer <- answer
		}
	}()
}
