package guide

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	. "mynah/cache"
	"mynah/llm"
	"mynah/llm/providers"
	"mynah/mock"
)

func openAI(t *testing.T, opts ...llm.Option) llm.Client {
	t.Helper()
	client, err := providers.CreateOpenAIClient(apiKey, append([]llm.Option{llm.WithModel("gpt-4o-mini"), llm.WithRetryCount(0)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestIntelligentCacheWarmup(t *testing.T) {
	m := answers(t)
	cache := NewShardedCache()
	defer cache.Close()
	if err := WarmupCache(cache, openAI(t)); err != nil {
		t.Fatal(err)
	}
	for _, query := range loadCommonQueries() {
		value, ok, err := cache.Get(query)
		if !ok || err != nil || !strings.Contains(string(value), query) {
			t.Fatal(query, string(value), ok, err)
		}
	}
	if stats, _ := m.Stats(); stats.Requests != 3 {
		t.Fatal(stats.Requests)
	}
}

func loadCommonQueries() []string { return []string{"opening hours", "prices", "way to get there"} }

func WarmupCache(cache *ShardedCache, llmClient llm.Client) error {
	commonQueries := loadCommonQueries()

	for _, query := range commonQueries {
		response, err := llmClient.Chat(context.Background(), []llm.Message{
			llm.UserMessage(query),
		})
		if err != nil {
			continue
		}

		cache.Set(query, response, 24*time.Hour)
	}

	return nil
}

func TestRequestBatching(t *testing.T) {
	answers(t)
	b := &BatchProcessor{client: openAI(t), batchSize: 4, interval: time.Millisecond}
	var requests []Request
	for i := 0; i < 10; i++ {
		requests = append(requests, Request{Index: i, Messages: []llm.Message{llm.UserMessage(fmt.Sprint("question ", i))}})
	}
	responses := b.ProcessBatch(requests)
	own := llm.NewBatchProcessor(b.client, b.batchSize, b.interval).ProcessBatch(context.Background(), requests)
	for i := range requests {
		for _, response := range []Response{responses[i], own[i]} {
			if response.Err != nil || !strings.Contains(response.Text, fmt.Sprint("question ", i)) {
				t.Fatal(i, response)
			}
		}
	}
}

type (
	Request  = llm.Request
	Response = llm.BatchResponse
)

// groupBySimilarity puts even and odd questions together.
func groupBySimilarity(requests []Request) [][]Request {
	groups := make([][]Request, 2)
	for _, request := range requests {
		groups[request.Index%2] = append(groups[request.Index%2], request)
	}
	return groups
}

type BatchProcessor struct {
	client    llm.Client
	batchSize int
	interval  time.Duration
}

func (b *BatchProcessor) ProcessBatch(requests []Request) []Response {
	groups := groupBySimilarity(requests)

	responses := make([]Response, len(requests))
	var wg sync.WaitGroup

	for _, group := range groups {
		wg.Add(1)
		go func(g []Request) {
			defer wg.Done()

			batchResponse := b.client.BatchChat(context.Background(), g)

			for i, req := range g {
				responses[req.Index] = batchResponse[i]
			}
		}(group)
	}

	wg.Wait()
	return responses
}

func TestCircuitBreakerPattern(t *testing.T) {
	m := answers(t, mock.With("status", "500"), mock.With("status_times", "4"))
	messages := []llm.Message{llm.UserMessage("hello")}
	guides := &CircuitBreaker{client: openAI(t), failureThreshold: 2, resetTimeout: time.Hour, state: "closed"}
	ours, err := llm.NewCircuitBreaker(openAI(t), 2, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	for i := 0; i < 2; i++ {
		_, first := guides.Call(context.Background(), messages)
		_, second := ours.Call(context.Background(), messages)
		if !errors.Is(first, llm.ErrServer) || !errors.Is(second, llm.ErrServer) {
			t.Fatal(first, second)
		}
	}
	if _, err := guides.Call(context.Background(), messages); err == nil || err.Error() != "circuit breaker open" {
		t.Fatal(err)
	}
	if _, err := ours.Call(context.Background(), messages); !errors.Is(err, llm.ErrCircuitOpen) {
		t.Fatal(err)
	}
	if stats, _ := m.Stats(); stats.Requests != 4 {
		t.Fatal(stats.Requests)
	}
	guides.lastFailure = time.Now().Add(-2 * time.Hour)
	if response, err := guides.Call(context.Background(), messages); err != nil || response.Text == "" || guides.state != "closed" {
		t.Fatal(response, err, guides.state)
	}
}

type CircuitBreaker struct {
	client           llm.Client
	failureThreshold int
	resetTimeout     time.Duration
	failures         int
	lastFailure      time.Time
	state            string // "closed", "open", "half-open"
}

func (cb *CircuitBreaker) Call(ctx context.Context, messages []llm.Message) (*llm.Response, error) {
	if cb.state == "open" {
		if time.Since(cb.lastFailure) > cb.resetTimeout {
			cb.state = "half-open"
		} else {
			return nil, errors.New("circuit breaker open")
		}
	}

	response, err := cb.client.Chat(ctx, messages)

	if err != nil {
		cb.recordFailure()
		return nil, err
	}

	cb.reset()
	return response, nil
}

func (cb *CircuitBreaker) recordFailure() {
	cb.failures++
	cb.lastFailure = time.Now()
	if cb.failures >= cb.failureThreshold {
		cb.state = "open"
	}
}

func (cb *CircuitBreaker) reset() { cb.failures, cb.state = 0, "closed" }
