// Package providers has a constructor for each provider of package llm.
//
// An empty key is taken from the provider's environment variable, as are the
// base URL and the model where no option says them.
package providers

import (
	"time"

	"mynah/llm"
)

// CreateClient makes a client of any provider.
func CreateClient(provider llm.Provider, apiKey string, opts ...llm.Option) (llm.Client, error) {
	return made(append(start(provider, apiKey), opts...))
}

// CreateOpenAIClient makes a client of OpenAI.
func CreateOpenAIClient(apiKey string, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(llm.ProviderOpenAI, apiKey, opts...)
}

// CreateAnthropicClient makes a client of Anthropic.
func CreateAnthropicClient(apiKey string, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(llm.ProviderAnthropic, apiKey, opts...)
}

// CreateGeminiClient makes a client of Google's Gemini.
func CreateGeminiClient(apiKey string, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(llm.ProviderGemini, apiKey, opts...)
}

// CreateDeepSeekClient makes a client of DeepSeek.
func CreateDeepSeekClient(apiKey string, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(llm.ProviderDeepSeek, apiKey, opts...)
}

// CreateKimiClient makes a client of Moonshot's Kimi.
func CreateKimiClient(apiKey string, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(llm.ProviderKimi, apiKey, opts...)
}

// CreateSiliconFlowClient makes a client of SiliconFlow.
func CreateSiliconFlowClient(apiKey string, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(llm.ProviderSiliconFlow, apiKey, opts...)
}

// CreateCohereClient makes a client of Cohere.
func CreateCohereClient(apiKey string, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(llm.ProviderCohere, apiKey, opts...)
}

// CreateHuggingFaceClient makes a client of Hugging Face's router.
func CreateHuggingFaceClient(apiKey string, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(llm.ProviderHuggingFace, apiKey, opts...)
}

// CreateOllamaClient makes a client of a model that Ollama serves.
func CreateOllamaClient(model string, opts ...llm.Option) (llm.Client, error) {
	return made(append(append(start(llm.ProviderOllama, ""), llm.WithModel(model)), opts...))
}

// CreateCustomClient makes a client of a host that speaks OpenAI's chat
// completions.
func CreateCustomClient(baseURL, apiKey string, opts ...llm.Option) (llm.Client, error) {
	return made(append(append(start(llm.ProviderCustom, apiKey), llm.WithBaseURL(baseURL)), opts...))
}

// CreateClientForUseCase makes a client with the settings of a task under the
// options.
func CreateClientForUseCase(provider llm.Provider, apiKey string, useCase llm.UseCase, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(provider, apiKey, append([]llm.Option{llm.WithUseCase(useCase)}, opts...)...)
}

// CreateProductionClient makes a client that is patient and careful: the
// production preset, three retries from 2 s on, answers cached for 10 minutes.
func CreateProductionClient(provider llm.Provider, apiKey string, opts ...llm.Option) (llm.Client, error) {
	careful := []llm.Option{
		llm.WithPreset(llm.PresetProduction), llm.WithRetryCount(3), llm.WithRetryDelay(2 * time.Second),
		llm.WithCache(true, 10*time.Minute),
	}
	return CreateClient(provider, apiKey, append(careful, opts...)...)
}

// CreateDevelopmentClient makes a client with the development preset.
func CreateDevelopmentClient(provider llm.Provider, apiKey string, opts ...llm.Option) (llm.Client, error) {
	return CreateClient(provider, apiKey, append([]llm.Option{llm.WithPreset(llm.PresetDevelopment)}, opts...)...)
}

func start(provider llm.Provider, apiKey string) []llm.Option {
	opts := []llm.Option{llm.WithProvider(provider)}
	if apiKey != "" {
		opts = append(opts, llm.WithAPIKey(apiKey))
	}
	return opts
}

// made keeps a failed client from being an interface that is not nil.
func made(opts []llm.Option) (llm.Client, error) {
	client, err := llm.New(opts...)
	if err != nil {
		return nil, err
	}
	return client, nil
}
