package providers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mynah/llm"
	"mynah/mock"
)

// Each constructor reaches its provider's own paths of a mock.
func TestEachProviderIsAskedInItsOwnDialect(t *testing.T) {
	m := mock.New(mock.With("answer", "hello"))
	defer m.Close()
	url := llm.WithBaseURL
	for path, create := range map[string]func() (llm.Client, error){
		"/v1/chat/completions": func() (llm.Client, error) {
			return CreateOpenAIClient("key", url(m.URL()), llm.WithModel("gpt-4o-mini"))
		},
		"/v1/messages": func() (llm.Client, error) { return CreateAnthropicClient("key", url(m.Root())) },
		"/v1beta/models/gemini-x:generateContent": func() (llm.Client, error) { return CreateGeminiClient("key", url(m.Root()), llm.WithModel("gemini-x")) },
		"/api/chat":                        func() (llm.Client, error) { return CreateOllamaClient("llama3", url(m.Root())) },
		"/v2/chat":                         func() (llm.Client, error) { return CreateCohereClient("key", url(m.Root())) },
		"/v1/chat/completions deepseek":    func() (llm.Client, error) { return CreateDeepSeekClient("key", url(m.URL())) },
		"/v1/chat/completions kimi":        func() (llm.Client, error) { return CreateKimiClient("key", url(m.URL())) },
		"/v1/chat/completions siliconflow": func() (llm.Client, error) { return CreateSiliconFlowClient("key", url(m.URL())) },
		"/v1/chat/completions huggingface": func() (llm.Client, error) { return CreateHuggingFaceClient("key", url(m.URL())) },
		"/v1/chat/completions custom":      func() (llm.Client, error) { return CreateCustomClient(m.URL(), "", llm.WithModel("mock")) },
	} {
		client, err := create()
		if err != nil {
			t.Error(path, err)
			continue
		}
		answer, err := client.Complete(context.Background(), "hi")
		if err != nil || answer.Text != "hello" {
			t.Error(path, answer, err)
		}
		stats, _ := m.Stats()
		if want := strings.Fields(path)[0]; stats.LastRequest.Path != want {
			t.Error(stats.LastRequest.Path, "is not", want)
		}
		client.Close()
	}
}

func values(t *testing.T, client llm.Client) map[string]struct{ Value any } {
	t.Helper()
	raw, err := client.(*llm.ProviderClient).OptionsJSON()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]struct{ Value any }{}
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestLayersStandUnderTheOptions(t *testing.T) {
	careful, err := CreateProductionClient(llm.ProviderOpenAI, "key")
	if err != nil {
		t.Fatal(err)
	}
	defer careful.Close()
	task, err := CreateClientForUseCase(llm.ProviderOpenAI, "key", llm.UseCaseCodeGeneration, llm.WithMaxTokens(3000))
	if err != nil {
		t.Fatal(err)
	}
	defer task.Close()
	quick, err := CreateDevelopmentClient(llm.ProviderOpenAI, "key", llm.WithTemperature(0.1))
	if err != nil {
		t.Fatal(err)
	}
	defer quick.Close()
	for _, check := range []struct {
		client llm.Client
		name   string
		want   any
	}{
		{careful, "retry_count", 3.0}, {careful, "retry_delay_ms", 2000.0}, {careful, "cache_ttl_ms", 600000.0}, {careful, "max_tokens", 2000.0},
		{task, "temperature", 0.2}, {task, "max_tokens", 3000.0}, {quick, "max_tokens", 1000.0}, {quick, "temperature", 0.1},
	} {
		if got := values(t, check.client)[check.name].Value; got != check.want {
			t.Errorf("%s: %v, not %v", check.name, got, check.want)
		}
	}
}

func TestABuilderGathers(t *testing.T) {
	m := mock.New(mock.With("answer", "built"))
	defer m.Close()
	client, err := NewOpenAIBuilder().WithAPIKey("key").WithBaseURL(m.URL()).WithModel("gpt-4o").WithMaxTokens(100).
		WithTemperature(0.5).WithTimeout(time.Minute).WithCache(true, time.Hour).WithRetries(1, time.Second).
		WithPreset(llm.PresetFast).WithUseCase(llm.UseCaseChat).WithOptions(llm.WithSeed(1)).Build()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if answer, err := client.Complete(context.Background(), "hi"); err != nil || answer.Text != "built" {
		t.Fatal(answer, err)
	}
	if got := values(t, client); got["model"].Value != "gpt-4o" || got["timeout_ms"].Value != 60000.0 || got["retry_count"].Value != 1.0 {
		t.Fatal(got)
	}
	if text := fmt.Sprintf("%+v %#v", NewOpenAIBuilder().WithAPIKey("secret"), *NewOpenAIBuilder().WithAPIKey("secret")); strings.Contains(text, "secret") {
		t.Fatal(text)
	}
	if client, err := NewGeminiBuilder().WithTemperature(5).Build(); client != nil || !errors.Is(err, llm.ErrOutOfRange) {
		t.Fatal(client, err)
	}
}
