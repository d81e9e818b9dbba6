package guide

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"mynah/llm"
	"mynah/llm/providers"
	"mynah/mock"
)

const apiKey = "sk-test"

// answers makes a mock stand in for the hosts that the guide's clients ask.
func answers(t *testing.T, opts ...mock.Option) *mock.Mock {
	t.Helper()
	m, err := mock.Start(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	t.Setenv("OPENAI_BASE_URL", m.URL())
	t.Setenv("ANTHROPIC_BASE_URL", m.Root())
	return m
}

func TestInteractiveChat(t *testing.T) {
	m := answers(t)
	client, err := providers.CreateClientForUseCase(
		llm.ProviderOpenAI,
		apiKey,
		llm.UseCaseChat,
		llm.WithModel("gpt-3.5-turbo"),
		llm.WithMaxTokens(500),
		llm.WithTemperature(0.7),
		llm.WithStreamingEnabled(true),
		llm.WithCache(true, 5*time.Minute),
		llm.WithTimeout(30*time.Second),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	sends(t, client, m, "model", "gpt-3.5-turbo", "temperature", 0.7, "stream", true)
	answer, err := client.Complete(context.Background(), "hello")
	if err != nil || answer.ServedFrom != "cache" {
		t.Fatal(answer, err)
	}
}

func TestCodeGeneration(t *testing.T) {
	m := answers(t)
	client, err := providers.CreateClientForUseCase(
		llm.ProviderOpenAI,
		apiKey,
		llm.UseCaseCodeGeneration,
		llm.WithModel("gpt-4"),
		llm.WithMaxTokens(3000),
		llm.WithTemperature(0.2),
		llm.WithTopP(0.95),
		llm.WithSystemPrompt("You are an expert programmer..."),
		llm.WithRetryCount(3),
		llm.WithCache(true, 1*time.Hour),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	sends(t, client, m, "model", "gpt-4", "temperature", 0.2, "top_p", 0.95)
	if stats, _ := m.Stats(); !strings.Contains(string(stats.LastRequest.Body), `"You are an expert programmer..."`) {
		t.Fatal(string(stats.LastRequest.Body))
	}
}

func TestRealTimeAnalysis(t *testing.T) {
	m := answers(t, mock.With("delay_headers_ms", "5"))
	client, err := providers.CreateOpenAIClient(
		apiKey,
		llm.WithModel("gpt-3.5-turbo-16k"),
		llm.WithMaxTokens(1000),
		llm.WithTemperature(0.5),
		llm.WithStreamingEnabled(true),
		llm.WithTimeout(15*time.Second),
		llm.WithRateLimiting(1000),
		llm.WithRetryCount(1),
	)
	if err != nil {
		t.Fatal(err)
	}
	wrapWithConnectionPool := llm.WithConnectionPool

	client = wrapWithConnectionPool(client, 10)

	defer client.Close()
	requests := make([]llm.Request, 50)
	for i := range requests {
		requests[i].Messages = []llm.Message{llm.UserMessage(fmt.Sprint("analyse ", i))}
	}
	for _, answer := range client.BatchChat(context.Background(), requests) {
		if answer.Err != nil {
			t.Fatal(answer.Err)
		}
	}
	stats, _ := m.Stats()
	if stats.Requests != 50 || stats.LargestInFlight > 10 || stats.Connections > 10 {
		t.Fatalf("%+v", stats)
	}
	sends(t, client, m, "model", "gpt-3.5-turbo-16k", "temperature", 0.5, "stream", true)
}

func TestDocumentProcessing(t *testing.T) {
	m := answers(t)
	client, err := providers.CreateAnthropicClient(
		apiKey,
		llm.WithModel("claude-3-opus-20240229"),
		llm.WithMaxTokens(4000),
		llm.WithTemperature(0.3),
		llm.WithTimeout(5*time.Minute),
		llm.WithCache(true, 24*time.Hour),
		llm.WithRetryCount(5),
		llm.WithRetryDelay(5*time.Second),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	sends(t, client, m, "model", "claude-3-opus-20240229", "max_tokens", 4000.0, "temperature", 0.3)
	long := strings.Repeat("one hundred thousand tokens of text ", 12000)
	if answer, err := client.Complete(context.Background(), long); err != nil || answer.Text == "" {
		t.Fatal(err)
	}
}

func TestCostOptimizedOperations(t *testing.T) {
	m := answers(t)
	primary, err := providers.CreateOpenAIClient(
		apiKey,
		llm.WithModel("gpt-3.5-turbo"),
		llm.WithMaxTokens(500),
		llm.WithCache(true, 24*time.Hour),
		llm.WithPreset(llm.PresetLowCost),
	)
	if err != nil {
		t.Fatal(err)
	}

	fallback, err := providers.CreateOpenAIClient(
		apiKey,
		llm.WithModel("gpt-4"),
		llm.WithMaxTokens(1000),
		llm.WithCache(true, 1*time.Hour),
	)
	if err != nil {
		t.Fatal(err)
	}
	complexityChecker := func(text string, messages int) float64 {
		if strings.Contains(text, "prove") {
			return 1
		}
		return 0
	}
	NewTieredClient := llm.NewTieredClient

	client := NewTieredClient(primary, fallback, complexityChecker)

	defer client.Close()
	for prompt, model := range map[string]string{"what is the time?": "gpt-3.5-turbo", "prove it": "gpt-4"} {
		answer, err := client.Complete(context.Background(), prompt)
		if err != nil {
			t.Fatal(err)
		}
		stats, _ := m.Stats()
		if body := string(stats.LastRequest.Body); !strings.Contains(body, `"`+model+`"`) {
			t.Fatal(prompt, answer.Model, body)
		}
	}
}
