package llm

// Provider is who answers.
type Provider string

// The providers.
const (
	ProviderOpenAI      Provider = "openai"
	ProviderAnthropic   Provider = "anthropic"
	ProviderGemini      Provider = "gemini"
	ProviderDeepSeek    Provider = "deepseek"
	ProviderKimi        Provider = "kimi"
	ProviderSiliconFlow Provider = "siliconflow"
	ProviderOllama      Provider = "ollama"
	ProviderCohere      Provider = "cohere"
	ProviderHuggingFace Provider = "huggingface"
	// ProviderCustom is any host that speaks OpenAI's chat completions.
	ProviderCustom Provider = "custom"
)

// Preset is a layer of settings for an aim.
type Preset string

// The presets.
const (
	PresetDevelopment Preset = "development"
	PresetProduction  Preset = "production"
	PresetLowCost     Preset = "low_cost"
	PresetHighQuality Preset = "high_quality"
	PresetFast        Preset = "fast"
)

// UseCase is a layer of settings for a task, over the preset's.
type UseCase string

// The use cases.
const (
	UseCaseChat            UseCase = "chat"
	UseCaseCodeGeneration  UseCase = "code_generation"
	UseCaseTranslation     UseCase = "translation"
	UseCaseSummarization   UseCase = "summarization"
	UseCaseAnalysis        UseCase = "analysis"
	UseCaseCreativeWriting UseCase = "creative_writing"
)
