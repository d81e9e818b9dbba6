package providers

import (
	"slices"
	"time"

	"mynah/llm"
)

// Builder gathers the options of a client. What is wrong is told by Build.
type Builder struct {
	provider llm.Provider
	// start is provider and key; as options, so that a builder that is printed does
	// not show the key.
	start []llm.Option
	opts  []llm.Option
}

// NewBuilder begins a client of any provider.
func NewBuilder(provider llm.Provider) *Builder {
	return &Builder{provider: provider, start: start(provider, "")}
}

// NewOpenAIBuilder begins a client of OpenAI.
func NewOpenAIBuilder() *Builder { return NewBuilder(llm.ProviderOpenAI) }

// NewAnthropicBuilder begins a client of Anthropic.
func NewAnthropicBuilder() *Builder { return NewBuilder(llm.ProviderAnthropic) }

// NewGeminiBuilder begins a client of Google's Gemini.
func NewGeminiBuilder() *Builder { return NewBuilder(llm.ProviderGemini) }

// WithOptions adds any options.
func (b *Builder) WithOptions(opts ...llm.Option) *Builder {
	b.opts = append(b.opts, opts...)
	return b
}

// WithAPIKey sets the key.
func (b *Builder) WithAPIKey(key string) *Builder {
	b.start = start(b.provider, key)
	return b
}

// WithBaseURL sets where the provider is reached.
func (b *Builder) WithBaseURL(url string) *Builder { return b.WithOptions(llm.WithBaseURL(url)) }

// WithModel sets the model.
func (b *Builder) WithModel(model string) *Builder { return b.WithOptions(llm.WithModel(model)) }

// WithPreset sets the preset.
func (b *Builder) WithPreset(preset llm.Preset) *Builder {
	return b.WithOptions(llm.WithPreset(preset))
}

// WithUseCase sets the use case.
func (b *Builder) WithUseCase(useCase llm.UseCase) *Builder {
	return b.WithOptions(llm.WithUseCase(useCase))
}

// WithMaxTokens sets the most tokens of an answer.
func (b *Builder) WithMaxTokens(n int) *Builder { return b.WithOptions(llm.WithMaxTokens(n)) }

// WithTemperature sets the sampling temperature.
func (b *Builder) WithTemperature(x float64) *Builder { return b.WithOptions(llm.WithTemperature(x)) }

// WithTimeout bounds the whole call.
func (b *Builder) WithTimeout(d time.Duration) *Builder { return b.WithOptions(llm.WithTimeout(d)) }

// WithCache keeps answers for a while.
func (b *Builder) WithCache(on bool, ttl time.Duration) *Builder {
	return b.WithOptions(llm.WithCache(on, ttl))
}

// WithRetries sets how often a call is tried again, and the first pause.
func (b *Builder) WithRetries(count int, delay time.Duration) *Builder {
	return b.WithOptions(llm.WithRetryCount(count), llm.WithRetryDelay(delay))
}

// Build makes the client. The builder can go on.
func (b *Builder) Build() (llm.Client, error) {
	return made(append(slices.Clone(b.start), b.opts...))
}
